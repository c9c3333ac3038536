//! Sentences: English-looking ones, of words that are as unequally frequent as words are, among them
//! numbers, names and mistakes that occur once; Korean, Chinese, Russian; an emoji here and there. And
//! the dice, which are the same everywhere for a seed.

use std::iter::repeat_with;

/// The word that nearly every English sentence has.
pub(crate) const FREQUENT: &str = "the";

/// Words of known number: so many of them, each so often, spread evenly.
const RARE_WORDS: u64 = 100;
const RARE_TIMES: u64 = 5;

/// Different words of the English-looking kind.
const VOCABULARY: usize = 120_000;

/// Different characters of Chinese talk.
const HAN: usize = 3000;
/// Different syllables of Korean talk.
const HANGUL: usize = 1200;

const COMMON: [&str; 40] = [
    FREQUENT, "to", "a", "of", "and", "is", "in", "it", "you", "that", "I", "for", "on", "we",
    "with", "this", "be", "not", "have", "are", "can", "at", "so", "but", "just", "if", "what",
    "do", "was", "will", "there", "now", "when", "one", "all", "like", "time", "no", "from",
    "know",
];

const EMOJI: [&str; 6] = ["🎉", "👍", "😂", "❤️", "🙏", "🚀"];

pub(crate) struct Talk {
    words: Vec<String>,
    word: Zipf,
    han: Zipf,
    hangul: Zipf,
    /// A rare word comes once in so many messages.
    rare_every: u64,
    messages: u64,
}

impl Talk {
    pub(crate) fn new(messages: u64) -> Self {
        // The words are the same for every seed; which of them are said is not.
        let mut chance = Chance::new(0x00c0_ffee);
        let common = COMMON.iter().map(|&word| word.to_owned());
        let others = repeat_with(|| word(&mut chance)).take(VOCABULARY - COMMON.len());
        Self {
            words: common.chain(others).collect(),
            word: Zipf::new(VOCABULARY, 1.0),
            han: Zipf::new(HAN, 0.9),
            hangul: Zipf::new(HANGUL, 0.9),
            rare_every: (messages / (RARE_WORDS * RARE_TIMES)).max(1),
            messages,
        }
    }

    /// The sentence with this number.
    pub(crate) fn sentence(&self, number: u64, chance: &mut Chance) -> String {
        let mut text = match chance.below(100) {
            0..64 => self.english(chance),
            64..80 => self.korean(chance),
            80..94 => self.chinese(chance),
            _ => Self::russian(chance),
        };
        if chance.below(20) == 0 {
            text.push(' ');
            text.push_str(EMOJI[chance.index(EMOJI.len())]);
        }
        if chance.below(40) == 0 {
            text.push_str(&format!(" {:x}", chance.below(1 << 32))); // an id, a sum, an address
        }
        if self.is_rare(number) {
            text.push(' ');
            text.push_str(&rare_word(number / self.rare_every % RARE_WORDS));
        }
        text
    }

    /// Whether the message with this number has a rare word.
    pub(crate) fn is_rare(&self, number: u64) -> bool {
        number.is_multiple_of(self.rare_every) && number / self.rare_every < RARE_WORDS * RARE_TIMES
    }

    /// The rare words and how often each was said.
    pub(crate) fn rare_words(&self) -> Vec<(String, u64)> {
        let said = (RARE_WORDS * RARE_TIMES).min(self.messages.div_ceil(self.rare_every));
        let times = |word| said / RARE_WORDS + u64::from(word < said % RARE_WORDS);
        let all = (0..RARE_WORDS).map(|word| (rare_word(word), times(word)));
        all.filter(|(_, times)| *times > 0).collect()
    }

    fn english(&self, chance: &mut Chance) -> String {
        let count = 2 + chance.index(8) + chance.index(10);
        let mut text = String::with_capacity(count * 7);
        for place in 0..count {
            if place > 0 {
                text.push(' ');
            }
            text.push_str(&self.words[self.word.draw(chance)]);
        }
        text.push(['.', '?', '!', ','][chance.index(4)]);
        text
    }

    fn korean(&self, chance: &mut Chance) -> String {
        let mut text = String::new();
        for place in 0..2 + chance.index(7) {
            if place > 0 {
                text.push(' ');
            }
            for _ in 0..1 + chance.index(4) {
                // Spread over the block, so that they are not all one initial sound.
                let syllable = self.hangul.draw(chance) * 9 % 11_172;
                text.extend(char::from_u32(0xac00 + syllable as u32));
            }
        }
        text
    }

    fn chinese(&self, chance: &mut Chance) -> String {
        let mut text = String::new();
        for _ in 0..4 + chance.index(18) {
            text.extend(char::from_u32(0x4e00 + (self.han.draw(chance) * 6) as u32));
        }
        text.push('。');
        text
    }

    fn russian(chance: &mut Chance) -> String {
        let mut text = String::new();
        for place in 0..2 + chance.index(7) {
            if place > 0 {
                text.push(' ');
            }
            for _ in 0..2 + chance.index(6) {
                let letter = chance.index(8) + chance.index(8) + chance.index(16);
                text.extend(char::from_u32(0x430 + letter as u32));
            }
        }
        text
    }
}

fn rare_word(number: u64) -> String {
    format!("quixotry{number:02}")
}

/// Two to four syllables.
fn word(chance: &mut Chance) -> String {
    let mut word = String::new();
    for _ in 0..2 + chance.index(3) {
        word.push(char::from(b"bcdfghjklmnprstvwz"[chance.index(18)]));
        word.push(char::from(b"aeiou"[chance.index(5)]));
        if chance.below(3) == 0 {
            word.push(char::from(b"nrstlm"[chance.index(6)]));
        }
    }
    word
}

/// Numbers of which each is the less likely the larger it is: the n-th by 1/n to a power.
pub(crate) struct Zipf(Vec<f64>);

impl Zipf {
    pub(crate) fn new(count: usize, power: f64) -> Self {
        let mut sum = 0.0;
        let mut sums: Vec<f64> = (1..=count)
            .map(|number| {
                sum += (number as f64).powf(-power);
                sum
            })
            .collect();
        for one in &mut sums {
            *one /= sum;
        }
        Self(sums)
    }

    pub(crate) fn draw(&self, chance: &mut Chance) -> usize {
        let share = chance.share();
        self.0
            .partition_point(|sum| *sum < share)
            .min(self.0.len() - 1)
    }
}

/// Dice: `SplitMix64`, which is a line long and the same on every machine.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// From 0 to below `bound`. The bias of the rest is far below anything that is measured.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn index(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// From 0 to below 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
