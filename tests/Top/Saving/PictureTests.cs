using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Xml.Linq;
using Iscsitop.Cli.Top;
using Iscsitop.Cli.Top.Saving;

namespace Iscsitop.Tests.Top.Saving;

[TestFixture]
public sealed class PictureTests
{
    private static Canvas Small()
    {
        var canvas = new Canvas();
        canvas.Resize(12, 2);
        canvas.Fill(new Area(0, 0, 12, 1), ' ', Style.Header);
        new Pen(canvas, new Area(0, 0, 12, 1)).Text("a<&>  b   c", Style.Header);
        canvas.Put(0, 1, '█', Style.Read);
        canvas.Put(1, 1, '█', Style.Read);
        canvas.Put(2, 1, '▌', Style.Read);
        canvas.Put(4, 1, '╭', Style.Text);
        canvas.Put(6, 1, 'Q', Style.Strong);
        return canvas;
    }

    [Test]
    public void A_small_screen_as_svg()
    {
        var into = new MemoryStream();
        SvgPicture.Write(Small(), Tones.Of(light: false), into);
        Assert.That(Encoding.UTF8.GetString(into.ToArray()), Is.EqualTo("""
            <svg xmlns="http://www.w3.org/2000/svg" width="118" height="52" viewBox="0 0 118 52">
            <title>iscsitop</title>
            <rect width="100%" height="100%" rx="6" fill="#15181d"/>
            <g transform="translate(8 8)" font-family="'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace" font-size="14" xml:space="preserve">
            <rect x="0" y="0" width="102" height="18" fill="#3a424e"/>
            <text x="0" y="13.5" textLength="59.5" lengthAdjust="spacingAndGlyphs" fill="#d0d6de">a&lt;&amp;&gt;  b</text>
            <text x="85" y="13.5" textLength="8.5" lengthAdjust="spacingAndGlyphs" fill="#d0d6de">c</text>
            <rect x="0" y="18" width="17" height="18" fill="#2c9262"/>
            <rect x="17" y="18" width="4.25" height="18" fill="#2c9262"/>
            <rect x="38.25" y="26.25" width="4.25" height="1.5" fill="#d8dee6"/>
            <rect x="37.54" y="27" width="1.42" height="9" fill="#d8dee6"/>
            <text x="51" y="31.5" textLength="8.5" lengthAdjust="spacingAndGlyphs" fill="#d8dee6" font-weight="bold">Q</text>
            </g>
            </svg>

            """.ReplaceLineEndings("\n")));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Any_screen_is_well_formed_xml(bool light)
    {
        Seen seen = new Seen(120, 40).With(new SyntheticLoad().Take()).Press("Down");
        for (int c = 0; c <= char.MaxValue; c++) seen.Screen.Canvas.Put(c % 120, c / 120 % 40, (char)c, (Style)(c % (int)Style.Count));
        var into = new MemoryStream();
        SvgPicture.Write(seen.Screen.Canvas, Tones.Of(light), into);
        into.Position = 0;
        Assert.That(XDocument.Load(into).Root!.Name.LocalName, Is.EqualTo("svg"));
    }

    [Test]
    public void A_small_screen_as_png_has_its_pixels()
    {
        var into = new MemoryStream();
        Tones tones = Tones.Of(light: false);
        PngPicture.Write(Small(), tones, into);
        (int width, int height, byte[] rgb) = Decode(into.ToArray());
        Assert.That((width, height), Is.EqualTo((12 * PngPicture.CellWidth + 2 * PngPicture.Margin, 2 * PngPicture.CellHeight + 2 * PngPicture.Margin)));
        Rgb At(int x, int y) => new(rgb[(y * width + x) * 3], rgb[(y * width + x) * 3 + 1], rgb[(y * width + x) * 3 + 2]);
        int left = PngPicture.Margin, second = PngPicture.Margin + PngPicture.CellHeight;
        Assert.That(At(0, 0), Is.EqualTo(tones.Ground));
        Assert.That(At(left + 11 * PngPicture.CellWidth, PngPicture.Margin), Is.EqualTo(new Rgb(58, 66, 78)), "the header's ground");
        Assert.That(At(left, second), Is.EqualTo(new Rgb(44, 146, 98)), "a full block");
        Assert.That(At(left + 2 * PngPicture.CellWidth, second), Is.EqualTo(new Rgb(44, 146, 98)), "the left half of a half block");
        Assert.That(At(left + 2 * PngPicture.CellWidth + 7, second), Is.EqualTo(tones.Ground), "its right half");
        Assert.That(At(left + 6 * PngPicture.CellWidth, second + 2), Is.EqualTo(tones.Ground), "the corner of a Q");
        Assert.That(At(left + 6 * PngPicture.CellWidth + 2, second + 4), Is.EqualTo(new Rgb(0xd8, 0xde, 0xe6)), "its upper edge");
    }

    [Test]
    public void The_font_has_every_character_of_the_screen()
    {
        for (char c = ' '; c <= '~'; c++) Assert.That(Font.Has(c), c.ToString());
        foreach (char c in "…▼▲◂▸›·") Assert.That(Font.Has(c), c.ToString());
        foreach (char c in "▏▎▍▌▋▊▉█▁▂▃▄▅▆▇─│╭╮╰╯░▒▓") Assert.That(Shapes.Of(c, out _, out _), c.ToString());
        var drawings = Enumerable.Range(' ', 95).Select(c => string.Concat(from y in Enumerable.Range(0, Font.Height) from x in Enumerable.Range(0, Font.Width) select Font.Dot((char)c, x, y) ? '#' : '.'));
        Assert.That(drawings, Is.Unique);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void What_stands_on_the_ground_is_readable(bool light)
    {
        Tones tones = Tones.Of(light);
        foreach (Style style in Enum.GetValues<Style>().Where(s => s < Style.Count))
            if (tones.Styles[Palette.Index(style)] is { OwnPaper: true } tone)
                Assert.That(tone.Ink.Contrast(tones.Ground), Is.GreaterThanOrEqualTo(4.5), style.ToString());
    }

    // The one kind that is written: 8-bit RGB, one IDAT, no filter.
    internal static (int Width, int Height, byte[] Rgb) Decode(byte[] png)
    {
        Assert.That(png.AsSpan(0, 8).ToArray(), Is.EqualTo(new byte[] { 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a }));
        int at = 8, width = 0, height = 0;
        byte[] rgb = [];
        var kinds = new List<string>();
        while (at < png.Length)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            ReadOnlySpan<byte> type = png.AsSpan(at + 4, 4), data = png.AsSpan(at + 8, length);
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at + 8 + length)), Is.EqualTo(Reference(png.AsSpan(at + 4, length + 4))));
            kinds.Add(Encoding.ASCII.GetString(type));
            if (kinds[^1] == "IHDR")
            {
                (width, height) = (BinaryPrimitives.ReadInt32BigEndian(data), BinaryPrimitives.ReadInt32BigEndian(data[4..]));
                Assert.That(data[8..].ToArray(), Is.EqualTo(new byte[] { 8, 2, 0, 0, 0 }));
            }
            if (kinds[^1] == "IDAT") rgb = Pixels(data.ToArray(), width, height);
            at += length + 12;
        }
        Assert.That(kinds, Is.EqualTo(new[] { "IHDR", "IDAT", "IEND" }));
        return (width, height, rgb);
    }

    private static byte[] Pixels(byte[] data, int width, int height)
    {
        using var zlib = new ZLibStream(new MemoryStream(data), CompressionMode.Decompress);
        var all = new MemoryStream();
        zlib.CopyTo(all);
        byte[] rows = all.ToArray(), rgb = new byte[width * height * 3];
        Assert.That(rows, Has.Length.EqualTo(height * (1 + width * 3)));
        for (int y = 0; y < height; y++)
        {
            Assert.That(rows[y * (1 + width * 3)], Is.Zero, "filter");
            rows.AsSpan(y * (1 + width * 3) + 1, width * 3).CopyTo(rgb.AsSpan(y * width * 3));
        }
        return rgb;
    }

    // ISO 3309 bit by bit.
    private static uint Reference(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++) crc = (crc >> 1) ^ ((crc & 1) * 0xedb88320);
        }
        return ~crc;
    }
}
