using Iscsitop.Engine.D;

namespace Iscsitop.Tests.D;

/// <summary>What is said of programs that are not right, with the tags of <c>-x errtags</c>.</summary>
[TestFixture]
public sealed class MessageTests
{
    [TestCase("nothing:::here { }", "[D_PDESC_ZERO] probe description nothing:::here does not match any probes")]
    [TestCase("BEGIN { trace(x); }", "[D_IDENT_UNDEF] failed to resolve x: Unknown variable name")]
    [TestCase("BEGIN { trace(f(1)); }", "[D_FUNC_UNDEF] undefined function name: f")]
    [TestCase("BEGIN { f(1); }", "[D_FUNC_UNDEF] undefined function name: f")]
    [TestCase("BEGIN { trace(self->x); }", "[D_VAR_UNDEF] self->x has not yet been declared or assigned")]
    [TestCase("BEGIN { trace(this->x); }", "[D_VAR_UNDEF] this->x has not yet been declared or assigned")]
    [TestCase("BEGIN { trace(a[1]); }", "[D_VAR_UNDEF] a has not yet been declared or assigned")]
    [TestCase("scsi-command { trace(args[1]->ii_size); }", "[D_TYPE_MEMBER] ii_size is not a member of struct iscsiinfo_t")]
    [TestCase("scsi-command { trace(args[3]->x); }", "[D_ARGS_IDX] index 3 is out of range for :::scsi-command args[ ]")]
    [TestCase("BEGIN { trace(args[0]->ci_local); }", "[D_ARGS_IDX] index 0 is out of range for :::BEGIN args[ ]")]
    [TestCase("iscsi*::: { trace(args[2]->ic_len); }", "[D_ARGS_MULTI] args[ ] may not be referenced because probe description iscsi*::: matches an unstable set of probes")]
    [TestCase("iscsi*:::scsi-*,iscsi*:::xfer-* { trace(args[2]->ic_len); }", "[D_ARGS_MULTI] args[ ] may not be referenced because probe description iscsi*:::scsi-* matches an unstable set of probes")]
    [TestCase("BEGIN { @a = count(); @a = sum(1); }", "[D_AGG_REDEF] aggregation redefined: @a\n\t current: @a = sum( )\n\tprevious: @a = count( )")]
    [TestCase("BEGIN { @x = 1; }", "[D_AGG_FUNC] @x must be assigned the result of an aggregating function")]
    [TestCase("BEGIN { @x; }", "[D_AGG_NULL] @x must be assigned the result of an aggregating function")]
    [TestCase("BEGIN { printa(@x); }", "[D_PRINTA_AGGBAD] undefined aggregation: @x")]
    [TestCase("BEGIN { trunc(@x, 3); }", "[D_TRUNC_AGGBAD] undefined aggregation: @x")]
    [TestCase("BEGIN { clear(1); }", "[D_CLEAR_AGGARG] clear( ) argument #1 is incompatible with prototype:\n\tprototype: aggregation\n\t argument: int")]
    [TestCase("BEGIN { @a[1] = count(); @a[1, 2] = count(); }", "[D_PROTO_LEN] @a[ ] prototype mismatch: 2 keys passed, 1 expected")]
    [TestCase("BEGIN { @a[1] = count(); @a[\"x\"] = count(); }", "[D_PROTO_ARG] @a[ ] key #1 is incompatible with prototype:\n\tprototype: int\n\t      key: string")]
    [TestCase("BEGIN { @a = count(1); }", "[D_PROTO_LEN] count( ) prototype mismatch: 1 arg passed, 0 expected")]
    [TestCase("BEGIN { @a = sum(); }", "[D_PROTO_LEN] sum( ) prototype mismatch: 0 args passed, 1 expected")]
    [TestCase("BEGIN { @a = sum(\"x\"); }", "[D_AGG_SCALAR] sum( ) argument #1 must be of scalar type")]
    [TestCase("BEGIN { @a = lquantize(1, 10, 5); }", "[D_LQUANT_MISMATCH] lquantize( ) base (argument #2) must be less than limit (argument #3)")]
    [TestCase("BEGIN { @a = lquantize(1, 0, 10, 0); }", "[D_LQUANT_STEPVAL] lquantize( ) step (argument #4) must be a non-zero positive 16-bit quantity")]
    [TestCase("BEGIN { x = 3; @a = lquantize(1, x, 10); }", "[D_LQUANTIZE_CONST] lquantize( ) argument #2 must be an integer constant")]
    [TestCase("BEGIN { trace(\"a\" == 1); }", "[D_OP_INCOMPAT] operands have incompatible types: \"string\" == \"int\"")]
    [TestCase("BEGIN { trace(\"a\" + 1); }", "[D_OP_INCOMPAT] operands have incompatible types: \"string\" + \"int\"")]
    [TestCase("BEGIN { s = \"a\"; s = 3; }", "[D_OP_INCOMPAT] operands have incompatible types: \"string\" = \"int\"")]
    [TestCase("BEGIN { 5 = 3; }", "[D_OP_LVAL] operator = requires modifiable lvalue as an operand")]
    [TestCase("BEGIN { timestamp++; }", "[D_OP_LVAL] operator ++ requires modifiable lvalue as an operand")]
    [TestCase("scsi-command { args[1]->ii_itt = 3; }", "[D_OP_LVAL] operator = requires modifiable lvalue as an operand")]
    [TestCase("BEGIN /\"x\"/ { }", "[D_PRED_SCALAR] predicate result must be of scalar type")]
    [TestCase("BEGIN { trace(1 / 0); }", "[D_DIV_ZERO] expression contains division by zero")]
    [TestCase("BEGIN { trace(strlen(1, 2)); }", "[D_PROTO_LEN] strlen( ) prototype mismatch: 2 args passed, 1 expected")]
    [TestCase("BEGIN { trace(strlen(1)); }", "[D_PROTO_ARG] strlen( ) argument #1 is incompatible with prototype:\n\tprototype: string\n\t argument: int")]
    [TestCase("BEGIN { trace(printf(\"x\")); }", "[D_PROTO_LEN] printf( ) is an action and has no value: it may be used in statements only")]
    [TestCase("BEGIN { x = count(); }", "[D_AGG_NULL] count( ) must be assigned to an aggregation")]
    [TestCase("BEGIN { x = 1; x[1] = 2; }", "[D_KEY_SCALAR] x is a scalar and may not be indexed")]
    [TestCase("int x; string x;", "[D_DECL_IDRED] identifier redeclared: x")]
    [TestCase("this int x[int];", "[D_DECL_LOCASSC] associative arrays may not be declared as clause-local variables: x")]
    [TestCase("BEGIN { stack(); }", "[D_UNAVAIL] stack( ) cannot be had: there are no stacks here, only connections and their PDUs")]
    [TestCase("BEGIN { system(\"ls\"); }", "[D_UNAVAIL] system( ) is destructive and cannot be had: what is watched here is not touched")]
    [TestCase("BEGIN { freopen(\"x\"); }", "[D_UNAVAIL] freopen( ) is destructive and cannot be had: what is watched here is not touched")]
    [TestCase("BEGIN { speculate(1); }", "[D_UNAVAIL] speculate( ) cannot be had: output is not kept on approval here")]
    [TestCase("BEGIN { trace(curthread); }", "[D_UNAVAIL] curthread cannot be had: there is no kernel thread here, only connections and their PDUs")]
    [TestCase("BEGIN { trace(`kmem_flags); }", "[D_IDENT_UNDEF] failed to resolve `kmem_flags: Unknown variable name (there is no kernel here; -D kmem_flags=VALUE gives it one)")]
    [TestCase("BEGIN { tracemem(1, 0); }", "[D_TRACEMEM_SIZE] tracemem( ) argument #2 must be a non-zero positive integral constant expression")]
    [TestCase("BEGIN { setopt(\"wombats\"); }", "[D_PROTO_ARG] failed to set wombats: Invalid option name")]
    public void A_program_that_is_not_right(string program, string expected) => Assert.That(Running.Fails(program), Is.EqualTo(expected));

    [TestCase("BEGIN\n/x/\n{ }", 2, ClausePart.Predicate)]
    [TestCase("BEGIN\n{ y = 1;\n trace(x); }", 3, ClausePart.Actions)]
    [TestCase("BEGIN { printf(\"%d\"); }", 1, ClausePart.Actions)]
    [TestCase("inline int A = b;", 1, ClausePart.None)]
    public void A_message_says_where(string program, int line, ClausePart part)
    {
        DCompileException e = Assert.Throws<DCompileException>(() => _ = new Running(program))!;
        Assert.That((e.Line, e.Part), Is.EqualTo((line, part)));
    }

    [Test]
    public void The_library_s_constants_and_types_are_there()
    {
        foreach (string name in new[] { "ISCSI_FLAG_CMD_BIDI_UNDERFLOW", "ISCSI_FLAG_TEXT_CONTINUE", "ISCSI_FLAG_LOGIN_TRANSIT" })
            Assert.That(Running.Value(name), Is.Not.EqualTo("0"));
        foreach (string type in new[] { "uchar_t", "processorid_t", "hrtime_t", "unsigned long long", "scsicmd_t *", "xferinfo_t", "caddr_t" })
            Assert.That(Running.Value($"sizeof ({type})"), Is.Not.EqualTo("0"), type);
    }
}
