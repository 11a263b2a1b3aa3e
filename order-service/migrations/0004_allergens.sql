-- The allergens of a dish, by their names on the wire with commas between them: '' for a dish without any, NULL where
-- nothing is said about them.
ALTER TABLE dishes ADD COLUMN allergens TEXT;
