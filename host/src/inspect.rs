//! A look at a component before it is compiled.
//!
//! Compiling is the one thing that a component makes the host do before any limit of
//! a call holds, and its time is not bounded by the size of the component: loops inside
//! loops cost with the third power of their depth, blocks of one function with the
//! second power of their number. So everything that can be told from the bytes is told
//! first, in one pass over them: what the component imports and exports, which
//! proposals of WebAssembly it needs, and how much there is of what is expensive.

use std::fmt;

use wasmparser::{FunctionBody, Imports, MemoryType, Operator, Parser, Payload, TableType, TypeRef};

use crate::error::HostError;
use crate::exports::{is_known, no_known_version, version_of};
use crate::node::refused_imports;

/// How deep modules and components may be inside each other.
const DEPTH: usize = 32;

/// How large a component may be, in what its compilation costs. The defaults take
/// a whole JavaScript engine: 12,600 functions, 4,200 blocks in the largest, 190,000 in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComponentLimits {
    /// Bytes of the file. 16 MiB unless set.
    pub bytes: u64,
    /// Functions of all its modules. 50,000 unless set.
    pub functions: u64,
    /// How deep blocks of one function are inside each other. 2,000 unless set.
    pub nesting: u64,
    /// How deep loops of one function are inside each other. 100 unless set.
    pub loops: u64,
    /// Blocks, loops and conditions of one function. 10,000 unless set.
    pub blocks: u64,
    /// The same of all functions. 500,000 unless set.
    pub all_blocks: u64,
}

impl Default for ComponentLimits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            functions: 50_000,
            nesting: 2_000,
            loops: 100,
            blocks: 10_000,
            all_blocks: 500_000,
        }
    }
}

/// What there is of it in one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// See [`ComponentLimits::bytes`].
    pub bytes: u64,
    /// See [`ComponentLimits::functions`].
    pub functions: u64,
    /// See [`ComponentLimits::nesting`].
    pub nesting: u64,
    /// See [`ComponentLimits::loops`].
    pub loops: u64,
    /// See [`ComponentLimits::blocks`]: of the function that has most.
    pub blocks: u64,
    /// See [`ComponentLimits::all_blocks`].
    pub all_blocks: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes, {} functions, {} nested blocks, {} nested loops, {} blocks in one function and {} in all",
            self.bytes, self.functions, self.nesting, self.loops, self.blocks, self.all_blocks,
        )
    }
}

impl Counts {
    /// The first limit that is passed.
    fn check(&self, limits: &ComponentLimits) -> Result<(), HostError> {
        for (what, setting, found, limit) in [
            ("bytes", "bytes", self.bytes, limits.bytes),
            ("functions", "functions", self.functions, limits.functions),
            ("blocks inside each other", "nesting", self.nesting, limits.nesting),
            ("loops inside each other", "loops", self.loops, limits.loops),
            ("blocks in one function", "blocks", self.blocks, limits.blocks),
            ("blocks in all its functions", "all_blocks", self.all_blocks, limits.all_blocks),
        ] {
            if found > limit {
                return Err(HostError::ComponentLimit { what, setting, found, limit });
            }
        }
        Ok(())
    }
}

/// Refuses what no host of ours runs and what this one does not want to compile;
/// otherwise the counts.
pub(crate) fn inspect(bytes: &[u8], limits: &ComponentLimits) -> Result<Counts, HostError> {
    let mut look = Look { limits, counts: Counts::default(), memories: Vec::new(), imports: Vec::new() };
    look.counts.bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    // A file that is too large is not even read.
    look.counts.check(limits)?;
    if !Parser::is_component(bytes) {
        let what = if Parser::is_core_wasm(bytes) { "it is a core module" } else { "it has another header" };
        return Err(HostError::NotAComponent(what.to_owned()));
    }
    let mut versions = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| broken(&error))?;
        match payload {
            Payload::ComponentImportSection(section) if look.is_outermost() => {
                for import in section {
                    look.imports.push(import.map_err(|error| broken(&error))?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if look.is_outermost() => {
                for export in section {
                    let name = export.map_err(|error| broken(&error))?.name.name;
                    versions.extend(version_of(name).map(str::to_owned));
                }
            }
            payload => look.at(payload)?,
        }
    }
    let unknown = !versions.iter().any(|version| is_known(version));
    if let (true, Some(version)) = (unknown, versions.first()) {
        // Its imports may be of that version, too.
        return Err(HostError::ExportsMissing(vec![no_known_version(Some(version))]));
    }
    let refused = refused_imports(&look.imports);
    if !refused.is_empty() {
        return Err(HostError::ImportsRefused(refused));
    }
    if unknown {
        return Err(HostError::ExportsMissing(vec![no_known_version(None)]));
    }
    Ok(look.counts)
}

fn broken(error: &wasmparser::BinaryReaderError) -> HostError {
    HostError::NotAComponent(error.message().to_owned())
}

/// What the pass has seen.
struct Look<'a> {
    limits: &'a ComponentLimits,
    counts: Counts,
    /// Of each module and component around the place where it is: how many memories.
    memories: Vec<u32>,
    imports: Vec<String>,
}

impl Look<'_> {
    /// Whether it is in the component itself and in none of its parts.
    fn is_outermost(&self) -> bool {
        self.memories.len() == 1
    }

    fn at(&mut self, payload: Payload<'_>) -> Result<(), HostError> {
        match payload {
            Payload::Version { .. } => {
                self.memories.push(0);
                if self.memories.len() > DEPTH {
                    return Err(refused("parts that are too deep inside each other"));
                }
            }
            Payload::End(_) => _ = self.memories.pop(),
            Payload::ImportSection(section) => {
                for imports in section {
                    self.imports_of_module(&imports.map_err(|error| broken(&error))?)?;
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.memory(&memory.map_err(|error| broken(&error))?)?;
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    check_table(&table.map_err(|error| broken(&error))?.ty)?;
                }
            }
            Payload::FunctionSection(section) => {
                self.counts.functions += u64::from(section.count());
                self.counts.check(self.limits)?;
            }
            Payload::CodeSectionEntry(body) => {
                self.function(&body).map_err(|error| broken(&error))?;
                self.counts.check(self.limits)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn imports_of_module(&mut self, imports: &Imports<'_>) -> Result<(), HostError> {
        match imports {
            Imports::Single(_, import) => match import.ty {
                TypeRef::Memory(memory) => self.memory(&memory),
                TypeRef::Table(table) => check_table(&table),
                _ => Ok(()),
            },
            Imports::Compact1 { .. } | Imports::Compact2 { .. } => Err(refused("compact imports")),
        }
    }

    fn memory(&mut self, memory: &MemoryType) -> Result<(), HostError> {
        if memory.memory64 {
            return Err(refused("memory64"));
        }
        if memory.shared {
            return Err(refused("shared memory"));
        }
        if let Some(memories) = self.memories.last_mut() {
            *memories += 1;
            if *memories > 1 {
                return Err(refused("several memories in one module"));
            }
        }
        Ok(())
    }

    fn function(&mut self, body: &FunctionBody<'_>) -> wasmparser::Result<()> {
        // For each block that is open, whether it is a loop.
        let mut open: Vec<bool> = Vec::new();
        let (mut blocks, mut loops) = (0_u64, 0_u64);
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Loop { .. } => {
                    open.push(true);
                    loops += 1;
                    self.counts.loops = self.counts.loops.max(loops);
                }
                Operator::Block { .. } | Operator::If { .. } | Operator::TryTable { .. } => open.push(false),
                Operator::End => {
                    // The last one ends the function.
                    loops -= u64::from(open.pop().unwrap_or(false));
                    continue;
                }
                _ => continue,
            }
            blocks += 1;
            self.counts.nesting = self.counts.nesting.max(u64::try_from(open.len()).unwrap_or(u64::MAX));
        }
        self.counts.blocks = self.counts.blocks.max(blocks);
        self.counts.all_blocks += blocks;
        Ok(())
    }
}

fn check_table(table: &TableType) -> Result<(), HostError> {
    if table.table64 { Err(refused("table64")) } else { Ok(()) }
}

fn refused(what: &str) -> HostError {
    HostError::FeatureRefused(what.to_owned())
}

#[cfg(test)]
mod tests;
