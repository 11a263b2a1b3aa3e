//! The commands of a page, and the answers that it shows.

/// A block of commands, and the block of JSON or text that follows it.
pub(crate) struct Block {
    pub(crate) commands: String,
    pub(crate) answer: Option<String>,
}

/// In the page's order.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // A block lies between two fences, with its language on the first line.
    for block in text.split("```").skip(1).step_by(2) {
        let (language, content) = block.split_once('\n').unwrap();
        match language {
            "sh" => blocks.push(Block {
                commands: content.to_owned(),
                answer: None,
            }),
            "json" | "text" => blocks.last_mut().unwrap().answer = Some(content.to_owned()),
            _ => {}
        }
    }
    blocks
}
