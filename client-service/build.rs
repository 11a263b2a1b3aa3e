//! `sqlx::migrate!` embeds the migrations when the crate is compiled, and cargo would not notice a new file by itself.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
