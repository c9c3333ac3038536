//! The one integration binary: everything that looks at chatd from outside, each a module.

mod tidy;
