-- One database for each stored service. Both make their own tables.
CREATE DATABASE clients;
CREATE DATABASE orders;
