using System.Text;
using CsCheck;
using Iscsitop.Engine.D.Execution;

namespace Iscsitop.Tests.D;

/// <summary>The table of dynamic variables, against a dictionary.</summary>
[TestFixture]
public sealed class DynamicTableTests
{
    private static readonly Gen<(int Key, int Length, bool IsText)> s_step = Gen.Select(Gen.Int[0, 200], Gen.Int[0, 300], Gen.Bool);

    [Test]
    public void It_holds_what_was_stored_last() => s_step.Array[0, 2000].Sample(steps =>
    {
        var table = new DynamicTable(1 << 20);
        var expected = new Dictionary<string, string>();
        foreach ((int number, int length, bool isText) in steps)
        {
            string key = Key(number, isText), value = isText ? new string((char)('a' + length % 26), length) : length.ToString();
            if (isText) table.Store(Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(value));
            else table.Store(Encoding.ASCII.GetBytes(key), length);
            if (length == 0) expected.Remove(key);
            else expected[key] = value;
        }
        Assert.That(table.Count, Is.EqualTo(expected.Count));
        for (int number = 0; number <= 200; number++)
        {
            Assert.That(Encoding.ASCII.GetString(table.Text(Encoding.ASCII.GetBytes(Key(number, true)))), Is.EqualTo(expected.GetValueOrDefault(Key(number, true), "")));
            Assert.That(table.Number(Encoding.ASCII.GetBytes(Key(number, false))).ToString(), Is.EqualTo(expected.GetValueOrDefault(Key(number, false), "0")));
        }
    }, iter: 60);

    [Test]
    public void A_value_may_come_from_the_table_itself()
    {
        var table = new DynamicTable(1 << 16);
        table.Store("key-one"u8, Encoding.ASCII.GetBytes(new string('x', 100)));
        table.Store("key-one"u8, table.Text("key-one"u8)[..90]);
        table.Store("key-two"u8, table.Text("key-one"u8));
        table.Store("key-one"u8, table.Text("key-two"u8)[..3]);
        Assert.That((Encoding.ASCII.GetString(table.Text("key-one"u8)), table.Text("key-two"u8).Length), Is.EqualTo(("xxx", 90)));
    }

    [Test]
    public void What_was_freed_is_used_again()
    {
        var table = new DynamicTable(4096);
        Span<byte> key = stackalloc byte[12];
        for (int i = 0; i < 100_000; i++)
        {
            BitConverter.TryWriteBytes(key[4..], i);
            table.Store(key, 7);
            Assert.That(table.Number(key), Is.EqualTo(7));
            table.Store(key, 0);
        }
        Assert.That((table.Count, table.Drops), Is.EqualTo((0, 0L)));
    }

    [Test]
    public void Sizes_may_change_for_ever()
    {
        var table = new DynamicTable(8192);
        table.Store("kept"u8, "stays"u8);
        byte[] value = Enumerable.Repeat((byte)'v', 4000).ToArray();
        for (int length = 1; length < 4000; length++)
        {
            table.Store("changing"u8, value.AsSpan(0, length));
            Assert.That(table.Text("changing"u8).Length, Is.EqualTo(length));
        }
        Assert.That((Encoding.ASCII.GetString(table.Text("kept"u8)), table.Drops), Is.EqualTo(("stays", 0L)));
    }

    private static string Key(int number, bool isText) => $"{(isText ? "text" : "numb")}{new string('k', number % 40)}{number}";
}
