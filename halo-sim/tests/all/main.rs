//! The simulator over real HTTP. One module per part of it.

mod client;
mod control;
mod faults;
mod lists;
mod login;
mod openapi;
mod readme;
mod robust;
mod sheet;
mod writes;
