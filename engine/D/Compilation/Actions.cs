using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>The actions' closures.</summary>
internal static class Actions
{
    // printa() of more is no line that anybody reads; the original's bound is the same.
    private const int MaxAggregations = 16;

    public static Value Printf(Compiler compiler, CallExpression call)
    {
        compiler.Prototype(call, int.MaxValue, 1);
        string text = compiler.LiteralArgument(call, 0, "D_PRINTF_ARG_FMT");
        (DType[] types, PieceOf[] pieces) = compiler.Record(call.Arguments.Skip(1));
        Format format = compiler.Placed(() => Format.OfPrintf(text, types, call.Line));
        var record = new RecordWriter();
        return Value.Doing(call, m =>
        {
            record.Clear();
            foreach (PieceOf piece in pieces) piece(m, record);
            format.Write(m.Output, record.Written);
        }, records: true);
    }

    public static Value Printa(Compiler compiler, CallExpression call)
    {
        compiler.Prototype(call, MaxAggregations + 1, 1);
        bool formatted = call.Arguments[0] is not AggregationReference;
        string text = formatted ? compiler.LiteralArgument(call, 0, "D_PRINTA_FMT") : "";
        compiler.Prototype(call, MaxAggregations + (formatted ? 1 : 0), formatted ? 2 : 1);
        Aggregation[] aggregations = [.. Enumerable.Range(formatted ? 1 : 0, call.Arguments.Count - (formatted ? 1 : 0)).Select(i => compiler.AggregationArgument(call, i))];
        AggregationShape[] shapes = [.. aggregations.Select(a => a.Shape)];
        if (!formatted)
        {
            compiler.Placed(() => { Format.CheckJoin(shapes, call.Line); return 0; });
            return Value.Doing(call, m =>
            {
                m.Output.Write("\n"u8);
                AggregationText.Print(m.Output, aggregations, m.Options);
            }, records: true);
        }
        Format format = compiler.Placed(() => Format.OfPrinta(text, shapes, call.Line));
        return Value.Doing(call, m => format.Write(m.Output, aggregations, m.Options), records: true);
    }

    public static Value Trace(Compiler compiler, CallExpression call)
    {
        compiler.Prototype(call, 1, 1);
        if (compiler.Argument(call, 0).Type.Kind == DKind.Void) throw compiler.Wrong("D_TRACE_VOID", "trace( ) may not be applied to a void expression", call);
        (DType[] types, PieceOf[] pieces) = compiler.Record(call.Arguments);
        var record = new RecordWriter();
        return Value.Doing(call, m =>
        {
            record.Clear();
            pieces[0](m, record);
            Tracing.Trace(m.Output, types[0], record.Written, m.Options);
        }, records: true);
    }

    public static Value Print(Compiler compiler, CallExpression call)
    {
        compiler.Prototype(call, 1, 1);
        if (compiler.Argument(call, 0).Type.Kind == DKind.Void) throw compiler.Wrong("D_PRINT_VOID", "print( ) may not be applied to a void expression", call);
        (DType[] types, PieceOf[] pieces) = compiler.Record(call.Arguments);
        var record = new RecordWriter();
        return Value.Doing(call, m =>
        {
            record.Clear();
            pieces[0](m, record);
            Tracing.Print(m.Output, types[0], record.Written);
        }, records: true);
    }

    public static Value Tracemem(Compiler compiler, CallExpression call)
    {
        compiler.Prototype(call, 3, 2);
        Value address = compiler.ScalarOrArray(call, 0, "D_TRACEMEM_ADDR", "tracemem( ) argument #1 must be an address");
        Value size = compiler.Argument(call, 1);
        if (size is not { Constant: > 0 and <= int.MaxValue and { } most, Type.IsInteger: true })
            throw compiler.Wrong("D_TRACEMEM_SIZE", "tracemem( ) argument #2 must be a non-zero positive integral constant expression", call);
        (NumberOf from, NumberOf? count) = (address.Number!, call.Arguments.Count > 2 ? compiler.ScalarArgument(call, 2).Number : null);
        return Value.Doing(call, m =>
        {
            ReadOnlySpan<byte> bytes = m.Memory(from(m), (int)most);
            if (count is not null) bytes = bytes[..(int)Math.Clamp(count(m), 0, most)];
            Tracing.Memory(m.Output, bytes);
        }, records: true);
    }

    public static Value Exit(Compiler compiler, CallExpression call)
    {
        compiler.Prototype(call, 1, 1);
        NumberOf status = compiler.ScalarArgument(call, 0).Number!;
        return Value.Doing(call, m => m.Exit((int)status(m)), records: true);
    }

    public static Value OnAggregation(Compiler compiler, CallExpression call, int most, Action<Aggregation, long?> action)
    {
        compiler.Prototype(call, most, 1);
        Aggregation aggregation = compiler.AggregationArgument(call, 0);
        if (call.Arguments.Count < 2) return Value.Doing(call, _ => action(aggregation, null), records: true);
        NumberOf number = compiler.ScalarArgument(call, 1).Number!;
        return Value.Doing(call, m => action(aggregation, number(m)), records: true);
    }

    public static Value Normalize(Compiler compiler, CallExpression call)
    {
        compiler.Prototype(call, 2, 2);
        Aggregation aggregation = compiler.AggregationArgument(call, 0);
        Value by = compiler.ScalarArgument(call, 1);
        if (by.Constant == 0) throw compiler.Wrong("D_NORMALIZE_SCALAR", "normalize( ) argument #2 must be non-zero", call);
        NumberOf number = by.Number!;
        // Dividing by nothing leaves values as they are: a script that divides by seconds may ask in the first of them.
        return Value.Doing(call, m => { if (number(m) is not 0 and var n) aggregation.Normalize(n); }, records: true);
    }

    public static Value Setopt(Compiler compiler, CallExpression call)
    {
        compiler.Prototype(call, 2, 1);
        string name = compiler.LiteralArgument(call, 0, "D_PROTO_ARG");
        string? value = call.Arguments.Count > 1 ? compiler.LiteralArgument(call, 1, "D_PROTO_ARG") : null;
        // What cannot be is known before it runs: an option's name and its value are written out.
        string? why = OptionTable.Set(new DOptions(), name, value, running: true);
        if (why is not null) throw compiler.Wrong("D_PROTO_ARG", $"failed to set {name}{(value is null ? "" : $" to {value}")}: {why}", call);
        return Value.Doing(call, m => _ = OptionTable.Set(m.Options, name, value, running: true), records: true);
    }
}
