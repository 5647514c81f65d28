using System.Text;

namespace Iscsitop.Engine.D;

/// <summary>
/// Values with their types, as print() has them: <c>int 0x2a</c>, <c>string "x"</c>, a struct with a member a line between braces, an array
/// between brackets.
/// </summary>
internal static class TypedText
{
    private const int Step = 4;

    /// <summary>A value and a newline.</summary>
    public static void Write(OutputBuffer output, DType type, ReadOnlySpan<byte> bytes) => Member(output, type, "", bytes, 0);

    private static void Member(OutputBuffer output, DType type, string name, ReadOnlySpan<byte> bytes, int indent)
    {
        output.Fill((byte)' ', indent);
        output.Write(type.Name);
        if (name.Length > 0)
        {
            if (!type.Name.EndsWith('*')) output.Write(" "u8);
            output.Write(name);
            output.Write(" ="u8);
        }
        output.Write(" "u8);
        Value(output, type, bytes, indent, isMember: name.Length > 0);
        output.Write("\n"u8);
    }

    private static void Value(OutputBuffer output, DType type, ReadOnlySpan<byte> bytes, int indent, bool isMember)
    {
        switch (type.Kind)
        {
            case DKind.String:
                String(output, bytes, isMember);
                break;
            case DKind.Struct:
                Struct(output, type, bytes, indent);
                break;
            case DKind.Array when type.Element is { Size: > 0 } element:
                if (IsCharacter(element) && bytes.IndexOf((byte)0) >= 0) String(output, bytes, isMember);
                else Array(output, element, bytes, indent);
                break;
            case DKind.Integer when IsCharacter(type):
                Character(output, bytes[0]);
                break;
            case DKind.Integer or DKind.Pointer:
                ulong number = (ulong)Numbers.Load(bytes, signed: false);
                if (number != 0) output.Write("0x"u8);
                output.Hex(number);
                break;
        }
    }

    private static bool IsCharacter(DType type) => type is { IsInteger: true, Size: 1, Signed: true, Name: "char" };

    private static void String(OutputBuffer output, ReadOnlySpan<byte> bytes, bool isMember)
    {
        int end = bytes.IndexOf((byte)0);
        if (end >= 0) bytes = bytes[..end];
        output.Write(isMember ? "[ \""u8 : "\""u8);
        output.Write(bytes);
        output.Write(isMember ? "\" ]"u8 : "\""u8);
    }

    private static void Character(OutputBuffer output, byte b)
    {
        output.Write("'"u8);
        if (b is >= 0x20 and <= 0x7e) output.Write([b]);
        else if (b == 0) output.Write("\\0"u8);
        else output.Write([(byte)'\\', (byte)('0' + (b >> 6)), (byte)('0' + ((b >> 3) & 7)), (byte)('0' + (b & 7))]);
        output.Write("'"u8);
    }

    private static void Struct(OutputBuffer output, DType type, ReadOnlySpan<byte> bytes, int indent)
    {
        output.Write("{\n"u8);
        foreach (DMember member in type.Members)
        {
            Member(output, member.Type, member.Name, bytes.Slice(member.Offset, member.Type.Size), indent + Step);
        }
        output.Fill((byte)' ', indent);
        output.Write("}"u8);
    }

    private static void Array(OutputBuffer output, DType element, ReadOnlySpan<byte> bytes, int indent)
    {
        output.Write("[ "u8);
        bool structs = element.Kind == DKind.Struct;
        for (int at = 0; at + element.Size <= bytes.Length; at += element.Size)
        {
            if (at > 0) output.Write(", "u8);
            if (structs)
            {
                output.Write("\n"u8);
                output.Fill((byte)' ', indent + Step);
                output.Write(Encoding.UTF8.GetBytes(element.Name + " "));
            }
            Value(output, element, bytes.Slice(at, element.Size), indent + Step, isMember: true);
        }
        if (structs)
        {
            output.Write("\n"u8);
            output.Fill((byte)' ', indent);
            output.Write("]"u8);
        }
        else
        {
            output.Write(" ]"u8);
        }
    }
}
