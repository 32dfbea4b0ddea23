//! The Metro 2 layout against foreign files with JSON twins, against files made here, and against broken ones.

#[cfg(test)]
#[path = "../support/counted.rs"]
mod counted;
#[cfg(test)]
mod files;
#[cfg(test)]
mod framings;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod support;
#[cfg(test)]
mod table;
#[cfg(test)]
mod twins;
#[cfg(test)]
mod write;
