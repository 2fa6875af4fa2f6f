//! The simulator over real HTTP. One module per part of it.

mod client;
mod faults;
mod lists;
mod login;
mod sheet;
mod writes;
