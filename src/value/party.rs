//! The two parties, and the type-level programmes that keep their points apart.

use std::fmt;

/// A party to the agreement: A (甲方) or B (乙方).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Party A (甲方).
    A,
    /// Party B (乙方).
    B,
}

impl Party {
    /// Both parties, in order.
    pub const BOTH: [Party; 2] = [Party::A, Party::B];

    /// The other party.
    #[must_use]
    pub fn partner(self) -> Party {
        match self {
            Party::A => Party::B,
            Party::B => Party::A,
        }
    }

    /// `a` or `b`, as the pipeline and the published columns write it.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Party::A => "a",
            Party::B => "b",
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Party::A => "A",
            Party::B => "B",
        })
    }
}

/// One value for each party.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Both<T> {
    /// A's.
    pub a: T,
    /// B's.
    pub b: T,
}

impl<T> Both<T> {
    /// Builds both values from a function of the party.
    pub fn from_fn(mut value: impl FnMut(Party) -> T) -> Self {
        Both { a: value(Party::A), b: value(Party::B) }
    }

    /// Builds both values, or stops at the first error.
    pub fn try_from_fn<E>(mut value: impl FnMut(Party) -> Result<T, E>) -> Result<Self, E> {
        Ok(Both { a: value(Party::A)?, b: value(Party::B)? })
    }

    /// The value of one party.
    pub fn of(&self, party: Party) -> &T {
        match party {
            Party::A => &self.a,
            Party::B => &self.b,
        }
    }

    /// The value of one party, to change it.
    pub fn of_mut(&mut self, party: Party) -> &mut T {
        match party {
            Party::A => &mut self.a,
            Party::B => &mut self.b,
        }
    }

    /// Both values with their party, A first.
    pub fn iter(&self) -> impl Iterator<Item = (Party, &T)> {
        [(Party::A, &self.a), (Party::B, &self.b)].into_iter()
    }
}

/// A programme as a type: `Points<A>` and `Points<B>` are different types, so that the points of
/// one programme cannot be added to another's.
pub trait Programme: Copy + Ord + std::fmt::Debug + Send + Sync + 'static {
    /// The programme on the other side.
    type Partner: Programme<Partner = Self>;
    /// Which party runs it.
    const PARTY: Party;
}

/// A's programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct A;

/// B's programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct B;

impl Programme for A {
    type Partner = B;
    const PARTY: Party = Party::A;
}

impl Programme for B {
    type Partner = A;
    const PARTY: Party = Party::B;
}
