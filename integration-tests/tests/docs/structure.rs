//! The order of the modules: which may know which, and how many stand side by side.
//!
//! The gateway's rooms stand on floors, and a room knows only rooms on lower floors. Within the
//! gateway, modules side by side know each other in one direction. The check reads `use` and the
//! paths that begin with `crate`, `self` or `super`; it follows a name that a parent passes on. It
//! does not see a child that uses something that its parent defines, and it leaves out tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::{read, root};

/// The folders of sources that are checked.
const CRATES: [&str; 11] = [
    "bench",
    "client-service",
    "counter-service",
    "delivery-mock",
    "gateway",
    "kitchen-mock",
    "order-feed",
    "order-service",
    "service-kit",
    "shared-types",
    "stack",
];

/// The most modules side by side: as many as a reader takes in at a glance.
const MOST: usize = 14;

/// Folders that have more. They may not grow.
const WIDE: [(&str, usize); 3] = [
    ("service-kit/src", 19),
    ("service-kit/src/database", 15),
    ("shared-types/src", 17),
];

/// Modules of the gateway that still know each other in a circle: a worker hands itself to the
/// answers of its rows, and a row is in the record of its request.
const CIRCLES: [(&str, &[&str]); 1] = [(
    "answer",
    &[
        "destination",
        "dispatch",
        "outage_policy",
        "record",
        "reply",
        "site",
    ],
)];

/// A module's place below `src`.
type Module = Vec<String>;

/// The modules of a crate, with their code.
struct Sources(BTreeMap<Module, String>);

impl Sources {
    fn of(krate: &str) -> Self {
        let mut sources = BTreeMap::new();
        let src = root().join(krate).join("src");
        for file in files(&src) {
            let path = file.strip_prefix(&src).unwrap().with_extension("");
            let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
            let mut module: Module = names.collect();
            if module == ["lib"] || module == ["main"] {
                module.clear();
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let code: &mut String = sources.entry(module).or_default();
            code.push_str(&code_of(&text));
        }
        Self(sources)
    }

    /// Every module that another uses, with the user first.
    fn uses(&self) -> BTreeSet<(Module, Module)> {
        let modules = self.0.iter().filter(|(module, _)| !is_test(module));
        let uses = modules.flat_map(|(module, code)| {
            let paths = paths(code).into_iter();
            let used = paths.filter_map(|path| Some(self.home_of(self.absolute(module, &path)?)));
            used.map(|used| (module.clone(), used))
        });
        uses.collect()
    }

    /// The path from the crate's root; none if it leads to another crate.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
        let mut from = module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                from.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    from.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                let mut place = from.clone();
                place.push(child.to_owned());
                self.0.get(&place)?;
            }
        }
        from.extend(rest.iter().cloned());
        Some(from)
    }

    /// The module that defines what the path leads to, through the parents that pass it on.
    fn home_of(&self, mut path: Module) -> Module {
        for _ in 0..5 {
            let module = self.deepest(&path);
            let Some(name) = path.get(module.len()) else {
                return module;
            };
            match self.passed_on(&module, name) {
                Some(origin) if origin != path => path = origin,
                _ => return module,
            }
        }
        self.deepest(&path)
    }

    fn deepest(&self, path: &Module) -> Module {
        let mut module = path.clone();
        while !module.is_empty() && !self.0.contains_key(&module) {
            module.pop();
        }
        module
    }

    /// The place in a child from which a module passes this name on.
    fn passed_on(&self, module: &Module, name: &str) -> Option<Module> {
        let paths = paths(self.0.get(module)?).into_iter();
        let mut places = paths.filter_map(|path| self.absolute(module, &path));
        places.find(|place| {
            place.last().is_some_and(|last| last == name)
                && place.len() > module.len() + 1
                && place.starts_with(module)
        })
    }
}

/// The source files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn is_test(module: &Module) -> bool {
    let mut names = module.iter();
    names.any(|name| ["tests", "invariants", "properties", "agreement"].contains(&name.as_str()))
}

/// The code without its comments and without the tests at its end.
fn code_of(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// Every path in a `use`, and every other one that begins with `crate`, `self` or `super`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(begin) = rest.find("use ") {
        let is_word = !rest[..begin].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = &rest[begin + 4..];
        if let (true, Some(end)) = (is_word, rest.find(';')) {
            branches(&rest[..end], &[], &mut found);
            rest = &rest[end..];
        }
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c: char| !is_part(c));
    let words = words.filter(|word| {
        ["crate::", "self::", "super::"]
            .iter()
            .any(|begin| word.starts_with(begin))
    });
    found.extend(words.map(|word| names(word, &[])));
    found
}

/// The branches of the tree in a `use`.
fn branches(tree: &str, before: &[String], found: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let Some((head, list)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap();
        if !path.is_empty() {
            found.push(names(path, before));
        }
        return;
    };
    let before = names(head, before);
    let (mut depth, mut begin) = (0, 0);
    let list = list.strip_suffix('}').unwrap_or(list);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                branches(&list[begin..at], &before, found);
                begin = at + 1;
            }
            _ => {}
        }
    }
    branches(&list[begin..], &before, found);
}

fn names(path: &str, before: &[String]) -> Vec<String> {
    let names = path.trim().split("::").filter(|name| !name.is_empty());
    let names = names.map(|name| name.trim().to_owned());
    before.iter().cloned().chain(names).collect()
}

/// The floor of each room, as `docs/ARCHITECTURE.md` has it.
fn floors() -> BTreeMap<String, u32> {
    let text = read("docs/ARCHITECTURE.md");
    let (_, table) = text
        .split_once("| Floor | Folder of `gateway/src` |")
        .unwrap();
    let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
    let rooms = rows.flat_map(|row| {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let floor: u32 = cells.next().unwrap().parse().unwrap();
        let rooms = cells.next().unwrap().split('`').skip(1).step_by(2);
        rooms.map(move |room| (room.to_owned(), floor))
    });
    rooms.collect()
}

#[test]
fn each_room_of_the_gateway_knows_only_rooms_on_lower_floors() {
    let (floors, sources) = (floors(), Sources::of("gateway"));
    let rooms: BTreeSet<_> = sources
        .0
        .keys()
        .filter_map(|module| module.first())
        .collect();
    assert!(floors.keys().eq(rooms), "{floors:?}");
    for (user, used) in sources.uses() {
        if let (Some(room), Some(other)) = (user.first(), used.first())
            && room != other
        {
            let (from, to) = (floors[room], floors[other]);
            assert!(to < from, "{} knows {}", user.join("::"), used.join("::"));
        }
    }
}

#[test]
fn no_modules_of_the_gateway_know_each_other_in_a_circle() {
    // By the parent: which of its children knows which.
    let mut known: BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (user, used) in Sources::of("gateway").uses() {
        let pairs = user.iter().zip(&used);
        let shared = pairs.take_while(|(one, other)| one == other).count();
        if let (Some(child), Some(other)) = (user.get(shared), used.get(shared)) {
            let children = known.entry(user[..shared].to_vec()).or_default();
            let others = children.entry(child.clone()).or_default();
            others.insert(other.clone());
        }
    }
    let mut circles = BTreeMap::new();
    for (parent, children) in &known {
        let reached = |from: &String| {
            let (mut all, mut next) = (BTreeSet::new(), vec![from]);
            while let Some(child) = next.pop() {
                let others = children.get(child).into_iter().flatten();
                next.extend(others.filter(|other| all.insert((*other).clone())));
            }
            all
        };
        let in_circle = children
            .keys()
            .filter(|child| reached(child).contains(*child));
        let in_circle: Vec<_> = in_circle.map(String::as_str).collect();
        if !in_circle.is_empty() {
            circles.insert(parent.join("/"), in_circle);
        }
    }
    let expected = CIRCLES.map(|(parent, children)| (parent.to_owned(), children.to_vec()));
    assert_eq!(circles, BTreeMap::from(expected));
}

#[test]
fn few_modules_stand_side_by_side() {
    for krate in CRATES {
        let mut levels: BTreeMap<Module, BTreeSet<String>> = BTreeMap::new();
        let sources = Sources::of(krate);
        for module in sources.0.keys().filter(|module| !is_test(module)) {
            for (at, name) in module.iter().enumerate() {
                let level = levels.entry(module[..at].to_vec()).or_default();
                level.insert(name.clone());
            }
        }
        for (level, modules) in levels {
            let folder = [vec![krate.to_owned(), "src".to_owned()], level].concat();
            let folder = folder.join("/");
            let wide = WIDE.iter().find(|(wide, _)| *wide == folder);
            let most = wide.map_or(MOST, |(_, most)| *most);
            assert!(modules.len() <= most, "{folder}: {modules:?}");
        }
    }
}

#[test]
fn each_module_says_first_what_it_is() {
    for krate in CRATES {
        for file in files(&root().join(krate).join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("//! "), "{}", file.display());
        }
    }
}
