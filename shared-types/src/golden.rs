//! Example bodies, one of each kind. The tests of a provider send and receive them, those of a
//! consumer read them, so that neither side can drift from the contract without a failing test.

macro_rules! golden {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)+) => {
        $($(#[$doc])* pub const $name: &str = include_str!(concat!("../golden/", $file, ".json"));)+

        /// All of them, with their names.
        pub const ALL: &[(&str, &str)] = &[$(($file, $name)),+];
    };
}

golden! {
    NEW_CLIENT = "new_client";
    CLIENT = "client";
    CLIENT_CHANGE = "client_change";
    PASSWORD_CHANGE = "password_change";
    PASSWORD_RESET = "password_reset";
    NEW_PASSWORD = "new_password";
    LOGIN = "login";
    DEMO_ACCOUNT = "demo_account";
    LOGGED_IN = "logged_in";
    SESSION = "session";
    ACCOUNT_DATA = "account_data";
    ERASURE = "erasure";
    KEY_SET = "key_set";
    NEW_DISH = "new_dish";
    DISH = "dish";
    DISH_CHANGE = "dish_change";
    IMPORT_REPORT = "import_report";
    MENU_FILE = "menu_file";
    NEW_ORDER = "new_order";
    ORDER = "order";
    OPENING = "opening";
    PROMISE = "promise";
    DEFERRED = "deferred";
    DEFERRED_QUEUE = "deferred_queue";
    ORDER_EVENT = "order_event";
    STATUS_CHANGE = "status_change";
    TICKET = "ticket";
    KITCHEN_MARK = "kitchen_mark";
    KITCHEN_MARKED = "kitchen_marked";
    ASSIGNMENT = "assignment";
    DELIVERY_MARK = "delivery_mark";
    DELIVERY_MARKED = "delivery_marked";
    NEW_COURIER = "new_courier";
    COURIER_CHANGE = "courier_change";
    COURIER_PATCH = "courier_patch";
    COURIER = "courier";
    NEW_DELIVERY = "new_delivery";
    DELIVERY_CHANGE = "delivery_change";
    DELIVERY_PATCH = "delivery_patch";
    COURIER_CHOICE = "courier_choice";
    DELIVERY = "delivery";
    DEMO_LOGIN = "demo_login";
    DEMO_TOKEN = "demo_token";
    NEW_DEMO_ORDER = "new_demo_order";
    DEMO_ORDER = "demo_order";
    DEMO_ORDER_ROW = "demo_order_row";
    TRACKING = "tracking";
    CONFIRMATION = "confirmation";
    PROBLEM = "problem";
    WELCOME = "welcome";
    HEALTH = "health";
    STATUS = "status";
    OPERATOR_STATUS = "operator_status";
    CLOSURE = "closure";
    DRILL = "drill";
    DRILL_UNDER_WAY = "drill_under_way";
}
