//! The simulator over real HTTP. One module per part of it.

mod below;
mod client;
mod control;
mod faults;
mod lists;
mod live;
mod login;
mod openapi;
mod readme;
mod receiver;
mod robust;
mod shapes;
mod sheet;
mod sheet_desk;
mod sight;
mod webhooks;
mod writes;
