//! The hub by itself: no socket, no real clock. Stories tell who does what and who notices what;
//! the simulation compares random ones with a model.

mod accounts;
mod admin;
mod certified;
mod engine;
mod guessing;
mod history;
mod leaving;
mod limits;
mod lines;
mod messages;
mod model;
mod moderating;
mod names;
mod ordering;
mod permitted;
mod registered;
mod revoked;
mod roles;
mod rooms;
mod rooms_set;
mod rules;
mod simulation;
mod story;
mod tokens;
mod views;
mod vouched;
