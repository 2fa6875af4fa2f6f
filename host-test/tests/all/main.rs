//! End-to-end tests: the real component, in the real host, against the
//! simulator, over sockets. One module for each theme; `support` is what they
//! share.

mod support;

mod alerts;
mod answers;
mod api_request;
mod attachments;
mod bad_answers;
mod bad_input;
mod checking;
mod citations;
mod command_line;
mod conformance;
mod contract;
mod coverage;
mod echoes;
mod egress;
mod late;
mod lists;
mod live_shapes;
mod login;
mod loose_inputs;
mod mapping;
mod memory;
mod minimal;
mod mirror;
mod names;
mod notes;
mod openapi;
mod pack;
mod paging;
mod questions;
mod recipes;
mod records;
mod resources;
mod retrying;
mod service;
mod storm;
mod time_outs;
mod triggers;
mod verify;
mod versions;
mod waki;
mod work;
mod writing;
