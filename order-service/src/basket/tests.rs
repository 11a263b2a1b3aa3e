//! Tests of the basket: accepted lines, prices and refusals.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, proptest};
use shared_types::field::{FieldErrors, Optional};
use shared_types::id::DishId;
use shared_types::menu::{Category, Dish};
use shared_types::order::NewOrderLine;
use shared_types::text::Lang;
use shared_types::value::{Price, Quantity};

use super::{Basket, MAX_LINES};

fn dish(cents: i64, available: bool) -> Dish {
    Dish {
        id: DishId::generate(),
        name: "Ratatouille".to_owned(),
        description: None,
        price: Price::from_cents(cents).unwrap(),
        category: Category::Main,
        available,
        allergens: None,
    }
}

fn line(dish: &Dish, count: u64) -> NewOrderLine {
    NewOrderLine {
        dish_id: dish.id,
        quantity: Quantity::new(count).unwrap(),
        comment: Optional::default(),
    }
}

fn menu<'a>(dishes: impl IntoIterator<Item = &'a Dish>) -> HashMap<DishId, Dish> {
    let dishes = dishes.into_iter();
    dishes.map(|dish| (dish.id, dish.clone())).collect()
}

fn fields(errors: &FieldErrors) -> Vec<String> {
    let problems = errors.to_problems(Lang::En).into_iter();
    problems.map(|problem| problem.field).collect()
}

#[test]
fn a_basket_holds_one_to_fifty_lines() {
    let dish = dish(100, true);
    for count in [0, MAX_LINES + 1] {
        let errors = Basket::parse(vec![line(&dish, 1); count]).unwrap_err();
        assert_eq!(fields(&errors), ["items"]);
    }
    for count in [1, MAX_LINES] {
        assert!(Basket::parse(vec![line(&dish, 1); count]).is_ok());
    }
}

#[test]
fn the_same_dish_twice_stays_two_lines() {
    let dish = dish(650, true);
    let basket = Basket::parse(vec![line(&dish, 2), line(&dish, 1)]).unwrap();
    assert_eq!(basket.dish_ids().len(), 1);
    let priced = basket.priced(&menu([&dish])).unwrap();
    assert_eq!(priced.lines.len(), 2);
    assert_eq!(priced.total.cents(), 1950);
}

#[test]
fn every_unknown_or_unavailable_dish_is_named() {
    let (good, gone, unknown) = (dish(100, true), dish(100, false), dish(100, true));
    let lines = vec![line(&unknown, 1), line(&good, 1), line(&gone, 1)];
    let errors = Basket::parse(lines)
        .unwrap()
        .priced(&menu([&good, &gone]))
        .unwrap_err();
    assert_eq!(fields(&errors), ["items[0].menuId", "items[2].menuId"]);
}

#[test]
fn a_total_that_leaves_the_range_is_refused() {
    let dear = dish(Price::MAX.cents(), true);
    let menu = menu([&dear]);
    let once = Basket::parse(vec![line(&dear, 1)]).unwrap();
    assert_eq!(once.priced(&menu).unwrap().total, Price::MAX);
    for lines in [vec![line(&dear, 2)], vec![line(&dear, 1); 2]] {
        let errors = Basket::parse(lines).unwrap().priced(&menu).unwrap_err();
        assert_eq!(fields(&errors), ["items"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn a_total_is_the_exact_sum_or_refused(
        wanted in vec((0_i64..=Price::MAX.cents(), 1_u64..=99), 1..=MAX_LINES),
    ) {
        let dishes: Vec<_> = wanted.iter().map(|(cents, _)| dish(*cents, true)).collect();
        let lines = dishes.iter().zip(&wanted).map(|(dish, (_, count))| line(dish, *count));
        let priced = Basket::parse(lines.collect()).unwrap().priced(&menu(&dishes));
        let exact: i128 = wanted
            .iter()
            .map(|(cents, count)| i128::from(*cents) * i128::from(*count))
            .sum();
        match priced {
            Ok(priced) => assert_eq!(i128::from(priced.total.cents()), exact),
            Err(_) => assert!(exact > i128::from(Price::MAX.cents())),
        }
    }
}
