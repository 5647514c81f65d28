using System.Text;
using Iscsitop.Cli.Top;
using Iscsitop.Cli.Top.Terminal;

namespace Iscsitop.Tests.Top.Terminal;

[TestFixture]
public sealed class PainterTests
{
    private static (Canvas Canvas, Painter Painter) Blank(bool ascii = false)
    {
        var canvas = new Canvas();
        canvas.Resize(20, 3);
        var painter = new Painter(ascii);
        painter.Use(Palette.For(ColorDepth.Sixteen));
        painter.Paint(canvas);
        return (canvas, painter);
    }

    private static string Frame(Canvas canvas, Painter painter) => Encoding.UTF8.GetString(painter.Paint(canvas)).Replace('\e', '^');

    [Test]
    public void Nothing_is_written_when_nothing_changed()
    {
        (Canvas canvas, Painter painter) = Blank();
        canvas.Clear();
        Assert.That(Frame(canvas, painter), Is.Empty);
    }

    [Test]
    public void What_changed_is_written_within_one_synchronized_update()
    {
        (Canvas canvas, Painter painter) = Blank();
        new Pen(canvas, new Area(4, 1, 10, 1)).Text("ab█");
        canvas.Put(19, 2, 'z', Style.Hot);
        Assert.That(Frame(canvas, painter), Is.EqualTo("^[?2026h^[2;5H^[0mab█^[3;20H^[0;1;31mz^[?2026l"));
    }

    [Test]
    public void A_style_is_written_where_it_begins()
    {
        (Canvas canvas, Painter painter) = Blank();
        var pen = new Pen(canvas, new Area(0, 0, 20, 1));
        pen.Text("aa", Style.Read);
        pen.Text("bb", Style.Strong);
        Assert.That(Frame(canvas, painter), Is.EqualTo("^[?2026h^[1;1H^[0;32maa^[0;1mbb^[?2026l"));
    }

    [Test]
    public void Other_characters_are_shown_as_question_marks_where_there_are_7_bits()
    {
        (Canvas canvas, Painter painter) = Blank(ascii: true);
        new Pen(canvas, new Area(0, 0, 20, 1)).Text("aé█~");
        byte[] frame = painter.Paint(canvas).ToArray();
        Assert.That(frame, Has.All.LessThan((byte)0x80));
        Assert.That(Encoding.ASCII.GetString(frame), Does.Contain("a??~"));
    }

    [Test]
    public void A_frame_may_be_larger_than_any_before()
    {
        var canvas = new Canvas();
        canvas.Resize(400, 120);
        var painter = new Painter(false);
        painter.Use(Palette.For(ColorDepth.Full));
        for (int y = 0; y < 120; y++)
            for (int x = 0; x < 400; x++)
                canvas.Put(x, y, '█', (x + y) % 2 == 0 ? Style.Header : Style.Hot);
        string frame = Frame(canvas, painter);
        Assert.That(frame.Count(c => c == '█'), Is.EqualTo(400 * 120));
        Assert.That(frame, Does.EndWith("█^[?2026l"));
    }

    [TestCase(0, "^[0m")]
    [TestCase((int)Weight.Bold, "^[0;1m")]
    [TestCase((int)(Weight.Faint | Weight.Underline | Weight.Reverse), "^[0;2;4;7m")]
    public void Weights_have_their_numbers(int weight, string sequence) =>
        Assert.That(Sequence(new Look(Tint.Own, Tint.Own, (Weight)weight)), Is.EqualTo(sequence));

    [Test]
    public void Colours_have_their_numbers() => Assert.Multiple(() =>
    {
        Assert.That(Sequence(new Look(Tint.Indexed(1), Tint.Indexed(7))), Is.EqualTo("^[0;31;47m"));
        Assert.That(Sequence(new Look(Tint.Indexed(9), Tint.Indexed(15))), Is.EqualTo("^[0;91;107m"));
        Assert.That(Sequence(new Look(Tint.Indexed(16), Tint.Indexed(255))), Is.EqualTo("^[0;38;5;16;48;5;255m"));
        Assert.That(Sequence(new Look(Tint.Rgb(1, 2, 3), Tint.Rgb(0, 0, 0))), Is.EqualTo("^[0;38;2;1;2;3;48;2;0;0;0m"));
    });

    private static string Sequence(Look look) => Encoding.ASCII.GetString(Painter.Sequence(look)).Replace('\e', '^');
}
