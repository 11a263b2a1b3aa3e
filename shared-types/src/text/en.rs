//! Every sentence in English.

use chrono::{Datelike as _, NaiveDateTime, Timelike as _, Weekday};
use deserr::ValueKind;

use super::sentences::{
    Accounts, Deferred, Deliveries, Fields, Menu, Operator, Orders, Requests, ResetMail, Sentences,
    Upstreams, Wording,
};
use crate::problem::Code;
use crate::value::Price;

pub(super) static SENTENCES: Sentences = Sentences {
    problem,
    troubleshooting: include_str!("../../../docs/TROUBLESHOOTING.md"),
    all_problems: "All problems",
    fields: Fields {
        required: "required field",
        kind,
        wrong_kind: |expected, got| format!("expected {expected}, got {got}"),
        out_of_range: "number out of range",
        unexpected: "unexpected value",
        unknown_value: |known| format!("unknown value; one of {known}"),
        whole_number: |least, most| format!("an integer between {least} and {most}"),
        empty: "must not be empty",
        too_long: |most| format!("at most {most} characters"),
        control_characters: "control characters are not allowed",
        direction: "characters that change the direction of writing are not allowed",
        only_invisible: "must not have only invisible characters",
        moment: "an RFC 3339 date and time is expected, such as 2026-11-22T13:10:00Z",
        uuid: "must be a UUID",
        price: "a price in euros between 0 and 1000000, with at most two decimals",
        kilometres: "a number between 0 and 1000, of at most 15 digits",
    },
    requests: Requests {
        resembles: |known| format!("unknown parameter; did you mean {known}?"),
        too_many_values: |most| format!("at most {most} values"),
        json_expected: "A JSON body is expected.",
        malformed_json: |line, column| format!("Malformed JSON (line {line}, column {column})."),
        not_utf_8: "The body must be in UTF-8.",
        no_coding: "The body must not be compressed: send it without Content-Encoding.",
        one_key: |most| format!("one key of 1 to {most} visible ASCII characters"),
        entity_tags: "the ETag of an answer, in its quotes, or *",
        nothing_stored: "The service cannot store anything right now. Try again a little later.",
        unknown_event: "unknown type of event",
        event_version: "expected 1.0",
        event_subject: "is not the id of the order in data",
        not_an_order: |cause| format!("is not an order: {cause}"),
    },
    accounts: Accounts {
        phone: "not a valid telephone number",
        email: "not a valid e-mail address",
        password_length: |least, most| format!("between {least} and {most} characters"),
        current_password: "your current password is needed to change your e-mail address",
        tokens_unknown: "Logins cannot be checked yet. Try again in a moment.",
        too_many_waiting: "Too many logins and registrations are waiting right now. \
                           Try again in a few seconds.",
        too_many_of_your_network: "Too many logins and registrations of your network \
                                   are waiting already. Try again in a moment.",
        too_many_guesses: |seconds| {
            format!(
                "Too many wrong passwords for this account from your network. \
                 Try again in {seconds} s."
            )
        },
        deleted: "Client deleted.",
        logged_out: "You are logged out.",
        logged_out_everywhere: "You are logged out of all your devices.",
        session_ended: "The session has ended.",
        no_such_session: "You have no session with this id.",
        password_changed: "Your password is changed. Your other devices are logged out.",
        reset_requested: "If an account has this address, a message is on its way to it.",
        password_reset: "Your password is changed. You are logged out of all your devices: \
                         log in with the new one.",
        reset_mail: ResetMail {
            subject: "A new password for your account",
            body: |link, minutes| {
                format!(
                    "Hello,\n\n\
                     Somebody asked for a new password for your account. To choose one, open this \
                     page within {minutes} minutes:\n\n\
                     {link}\n\n\
                     If it was not you, ignore this message: your password stays as it is.\n"
                )
            },
        },
    },
    orders: Orders {
        impossible_move: |from, to| format!("An order that is {from} cannot become {to}."),
        impossible_in_kitchen: |from, to| {
            format!("An order that is {from} cannot become {to} in the kitchen.")
        },
        only_cancelled: "accepted with the status ANNULEE only",
        too_many_open: |most| {
            format!(
                "Your network has {most} open orders already. \
                 Wait until one of them is delivered or cancelled."
            )
        },
        number_of_lines: |most| format!("between 1 and {most} lines"),
        number_of_dishes: |most| format!("between 1 and {most} dishes"),
        total_exceeded: |total, most| {
            format!(
                "The order costs {}, more than the {} of X-Max-Total.",
                euros(total),
                euros(most)
            )
        },
        deferred_id_used: "X-Deferred-Id is the id of another order.",
        total_too_high: "the total is over the highest amount of an order",
        unknown_dish: "unknown dish",
        not_available: |dish| format!("“{dish}” is not available"),
        closed_until: |opens| format!("The restaurant is closed. It opens on {}.", moment(opens)),
        closed_then: |opens| {
            let closed = "The restaurant is closed at the wished time.";
            match opens {
                Some(opens) => format!("{closed} After that, it opens on {}.", moment(opens)),
                None => closed.to_owned(),
            }
        },
        sort: "newest or oldest",
        wish_past: "must not be in the past",
        wish_too_far: |days| format!("at most {days} days ahead"),
        time_or_day: "an RFC 3339 date and time or a date is expected, such as 2026-11-22T13:10:00Z or 2026-11-22",
        ends_first: "must be after from",
        unknown_cursor: "unknown cursor: start the list again",
        limit_needed: "needed to begin with the oldest",
    },
    menu: Menu {
        removed: "Dish removed from the menu.",
        amount: "a price such as 8.50, 8,50 or €8.50, between 0 and 1000000",
        yes_or_no: "yes or no, or true or false",
        text_expected: "expected a text",
        csv_or_json: "csv or json",
        file_expected: "A menu is expected as text/csv or application/json.",
        no_dish: "the file has no dish",
        not_a_dish: "expected a dish, or a list of dishes or categories",
        too_many_dishes: |most| format!("at most {most} dishes at once"),
        too_many_cells: "more cells than titles; a text that has the separator needs quotes",
        missing_column: |titles| format!("no column for it; usual titles are: {titles}"),
        stands_twice: |first| format!("the same dish is already at: {first}"),
        further_faults: |count| format!("and {count} further faults"),
    },
    deliveries: Deliveries {
        unknown_courier: "no courier has this id",
        courier_removed: "Courier removed.",
        impossible_move: |from, to| format!("A delivery that is {from} cannot become {to}."),
        finished: |status| {
            format!("The courier of a delivery that is {status} cannot be changed any more.")
        },
        picked_up: |status| {
            format!("A delivery that is {status} can only be taken over by another courier.")
        },
        order_ended: "The order has ended and gets no further delivery.",
    },
    deferred: Deferred {
        pending: "Your request is kept, and is handed over as soon as the service is back. It is not \
                  confirmed yet: a dish may be sold out by then, or a price may have changed.",
        accepted: "Your request was handed over and accepted.",
        refused: "Your request was handed over and refused.",
        withdrawn: "You have withdrawn your request. It is not handed over.",
        expired: "Your request could not be handed over in time, and was not carried out.",
        expired_unsure: "Your request was not confirmed in time, and is not sent again. It may have \
                         been carried out: ask the restaurant.",
        not_withdrawn: "Your request has been handed over or is being handed over: it can no longer be \
                        withdrawn.",
        queue_full: "Too many requests wait already. Try again in a few seconds.",
        too_many: |most| {
            format!("{most} of your requests wait already. Try again once they are handed over.")
        },
    },
    upstreams: Upstreams {
        unnamed: |name| format!("The service “{name}”"),
        unconfirmed: |service| {
            format!(
                "{service} did not confirm the request, which may have succeeded. \
                 Check before you repeat it."
            )
        },
        unreachable: |service| format!("{service} cannot be reached. Try again in a few seconds."),
        invalid_response: |service| {
            format!("{service} gave an invalid answer. Try again in a few seconds.")
        },
        too_slow: |service| {
            format!("{service} did not answer in time. Try again in a few seconds.")
        },
        route_unavailable: |service| {
            format!("{service} cannot handle this request at the moment. Try again later.")
        },
        unavailable: |service| format!("{service} does not answer. Try again in a few seconds."),
        overloaded: |service| {
            format!("{service} has too many requests under way. Try again in a few seconds.")
        },
    },
    operator: Operator {
        foreign_name: "This port does not go by that name. GATEWAY_ADMIN_HOSTS can add it.",
        foreign_page: "A page of another site cannot change anything here.",
        empty_body: "The body must be empty: the configuration is read again from its file.",
        nothing_to_drill: "There is no upstream and no route of that name to make fail.",
        traces_off: "Traces are kept here only where GATEWAY_TRACES is on.",
        no_trace: "No trace with this id is kept. Spans come a few seconds after the request, and old traces go.",
        protobuf_only: "Spans are taken in protobuf only (Content-Type: application/x-protobuf), as they are or in gzip.",
        no_spans: "The body is not an export of spans (OTLP).",
        nothing_to_close: "There is no upstream or feature of that name.",
        no_route_to_close: "No request of this feature is sent to an upstream, so there is nothing to close.",
        closed_by_the_file: "The configuration file declares this closure: change it there, and reload.",
        closure_end: |days| {
            format!("must be after from, at most {days} days later, and not over yet")
        },
        closure_reason: |most| {
            format!("expected a text, or one for each language, of 1 to {most} visible characters")
        },
        rate: "must be more than 0 and at most 1",
        duration: |longest| format!("expected a duration like 30s, at most {longest}"),
        token_needed: "This port needs the operator's token: Authorization: Bearer, or /login in a browser.",
        too_many_tokens: "Too many wrong tokens come from your address. Wait a moment.",
        log_in: "Log in",
        log_in_why: "This is the restaurant's console. It asks for the operator's token.",
        token: "Token (GATEWAY_ADMIN_TOKEN)",
        wrong_token: "This is not the token.",
        logged_in: "You are logged in.",
        to_console: "Go to the console",
        log_out: "Log out",
    },
};

/// `€12.50`.
fn euros(price: Price) -> String {
    let cents = price.cents();
    format!("€{}.{:02}", cents / 100, cents % 100)
}

/// `Tuesday 1 December at 12:00`.
fn moment(time: NaiveDateTime) -> String {
    let weekday = match time.weekday() {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    };
    let month = match time.month() {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    };
    let (day, hour, minute) = (time.day(), time.hour(), time.minute());
    format!("{weekday} {day} {month} at {hour:02}:{minute:02}")
}

fn kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "a boolean",
        ValueKind::Integer => "a positive integer",
        ValueKind::NegativeInteger => "a negative number",
        ValueKind::Float => "a number",
        ValueKind::String => "a string",
        ValueKind::Sequence => "an array",
        ValueKind::Map => "an object",
    }
}

fn problem(code: Code) -> Wording {
    match code {
        // The gateway's own.
        Code::RouteNotFound => Wording {
            title: "Unknown route",
            detail: "There is nothing at this address.",
        },
        Code::MethodNotAllowed => Wording {
            title: "Method not allowed",
            detail: "This address does not take this method.",
        },
        Code::RequestTimeout => Wording {
            title: "Request too slow",
            detail: "The request did not arrive in full in time.",
        },
        Code::ExpectationFailed => Wording {
            title: "Expectation failed",
            detail: "What Expect asks for is not supported.",
        },
        Code::RateLimited => Wording {
            title: "Too many requests",
            detail: "Too many requests come from your network. Try again in a moment.",
        },
        Code::UpgradeNotSupported => Wording {
            title: "Upgrade not supported",
            detail: "This server opens no WebSocket.",
        },
        Code::HttpVersionNotSupported => Wording {
            title: "HTTP version not supported",
            detail: "This server does not speak this version of HTTP.",
        },
        Code::UpstreamUnreachable => Wording {
            title: "Service unreachable",
            detail: "The service cannot be reached. Try again in a few seconds.",
        },
        Code::UpstreamInvalidResponse => Wording {
            title: "Invalid answer from a service",
            detail: "The service gave an invalid answer.",
        },
        Code::UpstreamUnavailable => Wording {
            title: "Service temporarily unavailable",
            detail: "The service does not answer. Try again in a few seconds.",
        },
        Code::UpstreamOverloaded => Wording {
            title: "Service overloaded",
            detail: "The service has too many requests under way. Try again in a few seconds.",
        },
        Code::UpstreamTimeout => Wording {
            title: "Service too slow",
            detail: "The service did not answer in time. Try again in a few seconds.",
        },
        Code::NotStored => Wording {
            title: "No stored answer",
            detail: "The request asks for a stored answer (only-if-cached), and there is none.",
        },
        Code::Closed => Wording {
            title: "Closed for now",
            detail: "This is closed for a while. Retry-After says until when.",
        },
        Code::DrillsOff => Wording {
            title: "Drills are off",
            detail: "Failure drills are only allowed where GATEWAY_DRILLS is on.",
        },
        Code::ClosureConflict => Wording {
            title: "Conflict with a closure",
            detail: "A closure covers this time. End it, or choose another time.",
        },
        Code::ConfigInvalid => Wording {
            title: "Invalid configuration",
            detail: "The configuration file is invalid. The running configuration stays as it is.",
        },
        Code::LoopDetected => Wording {
            title: "Loop detected",
            detail: "The request keeps coming back to where it started: no service can answer it.",
        },
        // Faults of any request.
        Code::BadRequest => Wording {
            title: "Malformed request",
            detail: "The request could not be read.",
        },
        Code::NotFound => Wording {
            title: "Not found",
            detail: "Nothing has this id.",
        },
        Code::PayloadTooLarge => Wording {
            title: "Body too large",
            detail: "The body of the request is over the limit.",
        },
        Code::UriTooLong => Wording {
            title: "URI too long",
            detail: "The address of the request is over the limit.",
        },
        Code::HeadersTooLarge => Wording {
            title: "Header fields too large",
            detail: "The header fields of the request are over the limit.",
        },
        Code::UnsupportedMediaType => Wording {
            title: "Unsupported media type",
            detail: "The body must be JSON, announced by Content-Type: application/json.",
        },
        Code::ValidationFailed => Wording {
            title: "Invalid data",
            detail: "The request contains invalid data.",
        },
        Code::PreconditionFailed => Wording {
            title: "Changed meanwhile",
            detail: "It has changed since you read it. Read it again, then change it.",
        },
        Code::IdempotencyKeyReused => Wording {
            title: "Idempotency key reused",
            detail: "This idempotency key came with another request before.",
        },
        Code::InternalError => Wording {
            title: "Internal error",
            detail: "An internal error occurred. Try again later.",
        },
        Code::ServiceUnavailable => Wording {
            title: "Service temporarily unavailable",
            detail: "The service cannot handle the request right now. Try again in a few seconds.",
        },
        // Accounts.
        Code::InvalidCredentials => Wording {
            title: "Wrong credentials",
            detail: "Wrong e-mail or password.",
        },
        Code::Unauthorized => Wording {
            title: "Authentication required",
            detail: "A valid token is needed: log in.",
        },
        Code::SessionExpired => Wording {
            title: "Session ended",
            detail: "Your session is over: log in again.",
        },
        Code::Forbidden => Wording {
            title: "Access denied",
            detail: "Your role does not allow this.",
        },
        Code::WrongPassword => Wording {
            title: "Wrong password",
            detail: "The current password is wrong.",
        },
        Code::ResetTokenInvalid => Wording {
            title: "Invalid link",
            detail: "This link is no longer valid: it has expired, or was used or replaced. Ask for \
                     a new one.",
        },
        Code::PasswordResetOff => Wording {
            title: "No new passwords by mail",
            detail: "This server sends no mail. Ask the restaurant for help.",
        },
        Code::ErasureOff => Wording {
            title: "No erasure of personal data",
            detail: "This server cannot erase a client's orders. Ask the restaurant for help.",
        },
        Code::ClientNotFound => Wording {
            title: "Client not found",
            detail: "No client has this id.",
        },
        Code::EmailTaken => Wording {
            title: "E-mail taken",
            detail: "This e-mail address is already in use.",
        },
        Code::PhoneTaken => Wording {
            title: "Telephone taken",
            detail: "This telephone number is already in use.",
        },
        // Orders, kitchen, delivery.
        Code::OrderNotFound => Wording {
            title: "Order not found",
            detail: "No order has this id.",
        },
        Code::DishNotFound => Wording {
            title: "Dish not found",
            detail: "No dish has this id.",
        },
        Code::CourierNotFound => Wording {
            title: "Courier not found",
            detail: "No courier has this id.",
        },
        Code::DeliveryNotFound => Wording {
            title: "Delivery not found",
            detail: "No delivery has this id.",
        },
        Code::ImpossibleTransition => Wording {
            title: "Impossible status change",
            detail: "This status change is not possible.",
        },
        Code::RestaurantClosed => Wording {
            title: "Restaurant closed",
            detail: "The restaurant is closed.",
        },
        Code::TotalExceeded => Wording {
            title: "Total above the limit",
            detail: "The order costs more than the limit of the request.",
        },
        Code::DeliveryTaken => Wording {
            title: "Delivery taken",
            detail: "Another courier has already taken this delivery.",
        },
        Code::DeliveryExists => Wording {
            title: "Delivery exists",
            detail: "This order already has a delivery.",
        },
        Code::QuotaReached => Wording {
            title: "Quota reached",
            detail: "Your network already has as many open items here as it may. Finish some of \
             them first.",
        },
        Code::StorageFull => Wording {
            title: "Storage full",
            detail: "This simulated service cannot keep any more items.",
        },
    }
}
