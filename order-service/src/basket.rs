//! Prices the lines of a new order by the menu. No I/O.
//!
//! Names and prices come from the menu only, and sums are exact or refused. The same dish on two
//! lines stays two lines, since the client may have meant two people.

use std::collections::{BTreeSet, HashMap};

use shared_types::field::FieldErrors;
use shared_types::id::DishId;
use shared_types::menu::Dish;
use shared_types::order::{NewOrderLine, OrderLine};
use shared_types::text::Text;
use shared_types::value::Price;

/// More dishes than any table orders; it limits the size of one order in a list.
pub(crate) const MAX_LINES: usize = 50;

/// Between 1 and [`MAX_LINES`] lines.
#[derive(Clone, Debug)]
pub(crate) struct Basket(Vec<NewOrderLine>);

/// Lines with fixed names and prices.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Priced {
    pub(crate) lines: Vec<OrderLine>,
    pub(crate) total: Price,
}

impl Basket {
    pub(crate) fn parse(lines: Vec<NewOrderLine>) -> Result<Self, FieldErrors> {
        if (1..=MAX_LINES).contains(&lines.len()) {
            Ok(Self(lines))
        } else {
            let text = Text::formatted(|say| (say.orders.number_of_lines)(MAX_LINES));
            Err(FieldErrors::one("items", text))
        }
    }

    /// The dishes to look up, each once.
    pub(crate) fn dish_ids(&self) -> BTreeSet<DishId> {
        self.0.iter().map(|line| line.dish_id).collect()
    }

    /// Names every line that cannot be served, not only the first.
    pub(crate) fn priced(&self, menu: &HashMap<DishId, Dish>) -> Result<Priced, FieldErrors> {
        let mut lines = Vec::with_capacity(self.0.len());
        let mut errors = FieldErrors::default();
        for (index, line) in self.0.iter().enumerate() {
            match serve(line, menu) {
                Ok(line) => lines.push(line),
                Err(text) => errors.push(format!("items[{index}].menuId"), text),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let total = total(&lines).ok_or_else(|| {
            let text = Text::fixed(|say| say.orders.total_too_high);
            FieldErrors::one("items", text)
        })?;
        Ok(Priced { lines, total })
    }
}

fn serve(line: &NewOrderLine, menu: &HashMap<DishId, Dish>) -> Result<OrderLine, Text> {
    let dish = menu
        .get(&line.dish_id)
        .ok_or(Text::fixed(|say| say.orders.unknown_dish))?;
    if !dish.available {
        return Err(Text::formatted(|say| {
            (say.orders.not_available)(dish.name.as_str())
        }));
    }
    Ok(OrderLine {
        dish_id: dish.id,
        name: dish.name.clone(),
        quantity: line.quantity,
        unit_price: dish.price,
        comment: line.comment.as_ref().map(|line| line.as_str().to_owned()),
        allergens: dish.allergens.clone(),
    })
}

fn total(lines: &[OrderLine]) -> Option<Price> {
    lines.iter().try_fold(Price::ZERO, |sum, line| {
        sum.plus(line.unit_price.times(line.quantity.get())?)
    })
}

#[cfg(test)]
mod tests;
