using Iscsitop.Cli.Top;
using Iscsitop.Cli.Top.Terminal;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Top;

[TestFixture, NonParallelizable]
public sealed class FrameAllocationTests
{
    [TestCase("1")]
    [TestCase("2")]
    [TestCase("3")]
    [TestCase("4")]
    [TestCase("5")]
    [TestCase("6")]
    public void A_steady_screen_allocates_nothing(string view)
    {
        Seen seen = new Seen(120, 40).With(new SyntheticLoad().Take()).Press(view);
        var load = new SyntheticLoad();
        var painter = new Painter(ascii: false);
        painter.Use(Palette.For(ColorDepth.Full));
        Snapshot snapshot = load.Take();
        void Frame()
        {
            seen.Frame.Update(snapshot);
            seen.Screen.Draw(120, 40);
            painter.Paint(seen.Screen.Canvas);
        }
        Assert.That(Allocated.By(Frame), Is.Zero);
    }
}
