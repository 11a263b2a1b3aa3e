//! The greeting for a newcomer: addresses, accounts, and commands to try.

use std::io::{self, Write};

use stack::{DEMO_ACCOUNTS, Stack};

pub(crate) fn print(stack: &Stack, out: &mut impl Write) -> io::Result<()> {
    let gateway = format!("{}://localhost:{}", stack.scheme(), stack.addr().port());
    writeln!(out, "The restaurant is open.\n")?;
    writeln!(out, "  gateway   {gateway}")?;
    writeln!(out, "  console   http://{}", stack.admin_addr())?;
    if stack.has_demo_pages() {
        writeln!(out, "  rooms     {gateway}/demo")?;
    }
    if stack.has_demo_accounts() {
        writeln!(out, "\nDemo accounts (e-mail, password, role):")?;
        for account in DEMO_ACCOUNTS {
            writeln!(
                out,
                "  {:<30}  {}  {}",
                account.email, account.password, account.role
            )?;
        }
    }
    writeln!(out, "\nTry:")?;
    writeln!(out, "  curl {gateway}/order-api/menu")?;
    let account = DEMO_ACCOUNTS.first();
    if let Some(account) = account.filter(|_demo| stack.has_demo_accounts()) {
        writeln!(
            out,
            "  curl {gateway}/client-api/login -H 'Content-Type: application/json' \\\n       \
             -d '{{\"email\": \"{}\", \"password\": \"{}\"}}'",
            account.email, account.password
        )?;
    }
    writeln!(out, "  curl {gateway}/kitchen/orders")?;
    writeln!(out, "\nCtrl-C closes it.\n")?;
    out.flush()
}
