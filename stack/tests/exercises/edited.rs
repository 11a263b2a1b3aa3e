//! The exercises in which a learner edits a configuration.

use std::fs;
use std::path::Path;

use crate::exercise;

/// A learner with a folder.
struct Learner {
    number: u8,
    base: tempfile::TempDir,
}

impl Learner {
    async fn begin(number: u8) -> Self {
        let base = tempfile::tempdir().unwrap();
        exercise(number).set(base.path()).await.unwrap();
        Self { number, base }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        let folder = format!("exercise-{}", self.number);
        self.base.path().join(folder).join(name)
    }

    /// Replaces a part of the file.
    fn edit(&self, from: &str, to: &str) {
        let file = self.file("gateway.toml");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(file, text.replace(from, to)).unwrap();
    }

    fn append(&self, more: &str) {
        let file = self.file("gateway.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, format!("{text}\n{more}")).unwrap();
    }

    async fn faults(&self) -> Vec<String> {
        let base: &Path = self.base.path();
        exercise(self.number).check(base).await.unwrap()
    }

    #[track_caller]
    fn assert_one(faults: &[String], about: &str) {
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains(about), "{faults:?}");
    }

    async fn assert_unsolved(&self, about: &str) {
        let faults = self.faults().await;
        assert!(
            faults.iter().any(|fault| fault.contains(about)),
            "{faults:?}"
        );
    }

    async fn assert_solved(&self) {
        assert_eq!(self.faults().await, Vec::<String>::new());
    }
}

const MENU: &str = r#"to = "/menu", outage = "error""#;

#[actix_web::test]
async fn the_menu_survives_with_the_row_of_the_model() {
    let learner = Learner::begin(3).await;
    learner.assert_unsolved("outage = \"stale\"").await;
    learner.edit(
        MENU,
        r#"to = "/menu", outage = "stale", fresh = "2s", stale_if_error = "1h", query = []"#,
    );
    Learner::assert_one(&learner.faults().await, "for a guest with a token");
    learner.edit("query = []", "query = [], shared = true");
    learner.assert_solved().await;
}

const ORDERING: &str = r#"needs = ["orders", "kitchen"], probe = "POST"#;

#[actix_web::test]
async fn the_verdict_passes_with_the_declaration_of_the_model() {
    let learner = Learner::begin(4).await;
    learner.assert_unsolved("ordering without kitchen").await;
    learner.edit(
        ORDERING,
        r#"needs = ["orders"], uses = ["kitchen"], probe = "POST"#,
    );
    learner.assert_unsolved("kitchen without kitchen").await;
    learner.edit(
        r#"kitchen = { needs = ["orders"], uses = ["kitchen"]"#,
        r#"kitchen = { needs = ["kitchen"], uses = ["orders"]"#,
    );
    learner.assert_solved().await;
}

#[actix_web::test]
async fn the_hours_are_a_file_in_an_outage_with_the_row_of_the_model() {
    let learner = Learner::begin(5).await;
    learner.assert_unsolved("not your file").await;
    learner.edit(
        r#"to = "/opening", outage = "error""#,
        r#"to = "/opening", outage = "fallback", fallback = "hours.json""#,
    );
    learner.assert_unsolved("hours.json").await;
    let hours = r#"{"message": "Ouvert de 12 h à 14 h."}"#;
    fs::write(learner.file("hours.json"), hours).unwrap();
    learner.assert_solved().await;
}

#[actix_web::test]
async fn a_new_service_works_with_the_rows_of_the_model() {
    let learner = Learner::begin(6).await;
    learner.assert_unsolved("404").await;
    learner.append(
        r#"reviews = { needs = ["reviews"], probe = "GET /reviews/tarte" }

[upstreams.reviews]
url = "http://127.0.0.1:7001"
"#,
    );
    learner.edit(
        "\n[features]",
        "reviews = [{ path = \"/reviews/{dish}\", to = \"/dishes/{dish}/reviews\", outage = \"error\" }]\n\n[features]",
    );
    Learner::assert_one(&learner.faults().await, "DELETE /reviews/tarte");
    learner.edit("to = \"/dishes", "methods = [\"GET\"], to = \"/dishes");
    learner.assert_solved().await;
}

const ORDERS: &str = r#"methods = ["GET", "POST"], to = "/commandes", idempotent = true,"#;

#[actix_web::test]
async fn the_till_is_protected_with_the_rows_of_the_model() {
    let learner = Learner::begin(8).await;
    learner.assert_unsolved("order 6 of a minute").await;
    learner.edit(ORDERS, &format!(r#"{ORDERS} rate_limit = "5/1m","#));
    Learner::assert_one(&learner.faults().await, "reading /order-api/commandes");
    learner.edit(r#"methods = ["GET", "POST"]"#, r#"methods = ["POST"]"#);
    learner.edit(
        "orders = [",
        r#"orders = [
    { path = "/order-api/commandes", methods = ["GET"], to = "/commandes", outage = "error" },"#,
    );
    learner.assert_solved().await;
}

#[actix_web::test]
async fn an_order_is_tracked_without_the_kitchen_with_the_aggregate_of_the_model() {
    let learner = Learner::begin(9).await;
    learner.assert_unsolved("waits for longer").await;
    learner.edit(
        r#""{commandeId}" }, required = true"#,
        r#""{commandeId}" }"#,
    );
    learner.assert_unsolved("waits for longer").await;
    learner.edit("timeout = \"30s\"", "timeout = \"1s\"");
    learner.assert_solved().await;
}

#[actix_web::test]
async fn a_lost_answer_costs_no_second_order_with_the_row_of_the_model() {
    let learner = Learner::begin(10).await;
    learner
        .assert_unsolved("does not send the order again")
        .await;
    learner.edit(
        r#"to = "/commandes", outage"#,
        r#"to = "/commandes", idempotent = true, outage"#,
    );
    learner.assert_solved().await;
}

#[actix_web::test]
async fn an_edit_that_makes_an_outage_worse_or_the_file_invalid_solves_nothing() {
    let learner = Learner::begin(9).await;
    learner.edit("probe = \"/ready\"", "");
    learner.assert_unsolved("makes an outage worse").await;
    learner.append("nonsense");
    learner.assert_unsolved("gateway.toml").await;
}

#[actix_web::test]
async fn the_scene_is_set_once_and_the_work_stays() {
    let learner = Learner::begin(3).await;
    learner.edit(MENU, "mine");
    exercise(3).set(learner.base.path()).await.unwrap();
    let text = fs::read_to_string(learner.file("gateway.toml")).unwrap();
    assert!(text.contains("mine"), "{text}");
}
