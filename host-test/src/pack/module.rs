//! The core module behind the stubs: a few bytes of memory and functions without state
//! but a counter.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, MemArg, MemorySection, MemoryType, Module, NameMap, NameSection, TypeSection, ValType,
};
use wit_parser::abi::{WasmSignature, WasmType};

/// What a function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Traps. The function's name says which import was called.
    Trap,
    /// Returns zeros: an empty list, the first case, no value, the year 1970.
    Zeros,
    /// Takes a length, returns a list of so many bytes.
    RandomBytes,
    /// Returns a number of 64 bits.
    RandomNumber,
    /// Returns two of them.
    RandomPair,
}

/// Where a list of bytes is returned: its pointer and its length.
const LIST: i32 = 16;
/// Where two numbers are returned.
const PAIR: i32 = 32;
/// Where zeros are, as far as [`HEAP`]. No result of WASI is larger.
const ZEROS: i32 = 64;
/// Where bytes begin that a caller passes or is given. Nobody reads what is passed, and
/// what is returned is read at once, so each call may use the same ones.
const HEAP: i32 = 1024;
/// Bytes of a page of memory, as a power of two.
const PAGE_BITS: i32 = 16;

/// Functions of the module that others call. Between them is `cabi_realloc`.
const RESERVE: u32 = 0;
const RANDOM: u32 = 2;

/// The module while it grows.
pub(super) struct Stub {
    types: TypeSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
    names: NameMap,
}

impl Stub {
    pub(super) fn new() -> Self {
        let mut stub = Self {
            types: TypeSection::new(),
            functions: FunctionSection::new(),
            exports: ExportSection::new(),
            code: CodeSection::new(),
            names: NameMap::new(),
        };
        stub.exports.export("memory", ExportKind::Memory, 0);
        stub.define("reserve", &[ValType::I32], &[], &reserve());
        let realloc = stub.define("cabi_realloc", &[ValType::I32; 4], &[ValType::I32], &realloc());
        stub.exports.export("cabi_realloc", ExportKind::Func, realloc);
        stub.define("random", &[], &[ValType::I64], &random());
        stub
    }

    /// Adds a function that is exported under this name.
    pub(super) fn function(&mut self, name: &str, signature: &WasmSignature, body: Body) {
        let [params, results] = [&signature.params, &signature.results]
            .map(|types| types.iter().map(value_type).collect::<Vec<_>>());
        let code = match body {
            Body::Trap => trap(),
            Body::Zeros => zeros(&results, signature.retptr),
            Body::RandomBytes => random_bytes(),
            Body::RandomNumber => random_number(),
            Body::RandomPair => random_pair(),
        };
        let label = if body == Body::Trap { format!("sealed import {name}") } else { name.to_owned() };
        let index = self.define(&label, &params, &results, &code);
        self.exports.export(name, ExportKind::Func, index);
    }

    fn define(&mut self, name: &str, params: &[ValType], results: &[ValType], code: &Function) -> u32 {
        let index = self.functions.len();
        self.types.ty().function(params.iter().copied(), results.iter().copied());
        self.functions.function(index);
        self.code.function(code);
        self.names.append(index, name);
        index
    }

    /// The module in bytes.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut memories = MemorySection::new();
        let memory =
            MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };
        memories.memory(memory);
        let mut globals = GlobalSection::new();
        let counter = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        globals.global(counter, &ConstExpr::i64_const(0));
        let mut names = NameSection::new();
        names.module("sealed imports");
        names.functions(&self.names);
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.functions)
            .section(&memories)
            .section(&globals)
            .section(&self.exports)
            .section(&self.code)
            .section(&names);
        module.finish()
    }
}

fn value_type(ty: &WasmType) -> ValType {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    }
}

fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 0, memory_index: 0 }
}

fn trap() -> Function {
    let mut code = Function::new([]);
    code.instructions().unreachable().end();
    code
}

fn zeros(results: &[ValType], is_pointer: bool) -> Function {
    let mut code = Function::new([]);
    let mut put = code.instructions();
    match results {
        [ValType::I32] if is_pointer => _ = put.i32_const(ZEROS),
        [ValType::I32] => _ = put.i32_const(0),
        [ValType::I64] => _ = put.i64_const(0),
        [ValType::F32] => _ = put.f32_const(0.0.into()),
        [ValType::F64] => _ = put.f64_const(0.0.into()),
        _ => {}
    }
    put.end();
    code
}

/// Makes sure that so many bytes fit behind [`HEAP`]; traps where there is no memory.
fn reserve() -> Function {
    let mut code = Function::new([(1, ValType::I32)]);
    let (bytes, pages) = (0, 1);
    code.instructions()
        .local_get(bytes)
        .i32_const(HEAP + 8 + (1 << PAGE_BITS) - 1)
        .i32_add()
        .i32_const(PAGE_BITS)
        .i32_shr_u()
        .memory_size(0)
        .i32_sub()
        .local_tee(pages)
        .i32_const(0)
        .i32_gt_s()
        .if_(BlockType::Empty)
        .local_get(pages)
        .memory_grow(0)
        .i32_const(-1)
        .i32_eq()
        .if_(BlockType::Empty)
        .unreachable()
        .end()
        .end()
        .end();
    code
}

fn realloc() -> Function {
    let mut code = Function::new([]);
    let new_size = 3;
    code.instructions().local_get(new_size).call(RESERVE).i32_const(HEAP).end();
    code
}

/// SplitMix64 from zero.
fn random() -> Function {
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    const MIX: [(i64, u64); 2] = [(30, 0xBF58_476D_1CE4_E5B9), (27, 0x94D0_49BB_1331_11EB)];
    let mut code = Function::new([(1, ValType::I64)]);
    let (z, state) = (0, 0);
    let mut put = code.instructions();
    put.global_get(state)
        .i64_const(STEP.cast_signed())
        .i64_add()
        .global_set(state)
        .global_get(state)
        .local_set(z);
    for (shift, factor) in MIX {
        put.local_get(z).local_get(z).i64_const(shift).i64_shr_u().i64_xor();
        put.i64_const(factor.cast_signed()).i64_mul().local_set(z);
    }
    put.local_get(z).local_get(z).i64_const(31).i64_shr_u().i64_xor().end();
    code
}

fn random_bytes() -> Function {
    let mut code = Function::new([(1, ValType::I32)]);
    let (length, done) = (0, 1);
    code.instructions()
        .local_get(length)
        .i64_const(1 << 30)
        .i64_gt_u()
        .if_(BlockType::Empty)
        .unreachable()
        .end()
        .local_get(length)
        .i32_wrap_i64()
        .call(RESERVE)
        .block(BlockType::Empty)
        .loop_(BlockType::Empty)
        .local_get(done)
        .local_get(length)
        .i32_wrap_i64()
        .i32_ge_u()
        .br_if(1)
        .local_get(done)
        .call(RANDOM)
        .i64_store(at(HEAP.unsigned_abs().into()))
        .local_get(done)
        .i32_const(8)
        .i32_add()
        .local_set(done)
        .br(0)
        .end()
        .end()
        .i32_const(LIST)
        .i32_const(HEAP)
        .i32_store(at(0))
        .i32_const(LIST)
        .local_get(length)
        .i32_wrap_i64()
        .i32_store(at(4))
        .i32_const(LIST)
        .end();
    code
}

fn random_number() -> Function {
    let mut code = Function::new([]);
    code.instructions().call(RANDOM).end();
    code
}

fn random_pair() -> Function {
    let mut code = Function::new([]);
    code.instructions()
        .i32_const(PAIR)
        .call(RANDOM)
        .i64_store(at(0))
        .i32_const(PAIR)
        .call(RANDOM)
        .i64_store(at(8))
        .i32_const(PAIR)
        .end();
    code
}
