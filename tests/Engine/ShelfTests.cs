using Iscsitop.Engine;

namespace Iscsitop.Tests.Engine;

/// <summary>Things that are used again are given back to those who had them.</summary>
internal sealed class ShelfTests
{
    private sealed class Thing
    {
        public int Key { get; set; }
    }

    private Shelf<int, Thing> _shelf = null!;
    private List<Thing> _taken = [];
    private int _made;

    [SetUp]
    public void Empty() => (_shelf, _taken, _made) = (new(t => t.Key), [], 0);

    private List<Thing> Round(params IEnumerable<int> keys)
    {
        _shelf.PutBack(ref _taken);
        foreach (int key in keys)
        {
            if (_shelf.Take(key) is not { } thing)
            {
                thing = new Thing();
                _made++;
            }
            thing.Key = key;
            _taken.Add(thing);
        }
        return [.. _taken];
    }

    [Test]
    public void Some_missing_and_some_new_leave_the_others_what_they_had()
    {
        Dictionary<int, Thing> had = Round(Enumerable.Range(0, 1000)).ToDictionary(t => t.Key);
        int[] next = [.. Enumerable.Range(0, 1000).Where(k => k % 10 != 3).SelectMany(k => k % 7 == 0 ? new[] { k, k + 5000 } : [k])];
        // What is new takes from the end where nothing is spare.
        foreach (Thing thing in Round(next))
            if (thing.Key < 800)
                Assert.That(thing, Is.SameAs(had[thing.Key]), $"{thing.Key}");
    }

    [Test]
    public void Nothing_is_made_while_there_are_as_many_as_are_taken()
    {
        var random = new Random(5);
        Round(Enumerable.Range(0, 500));
        for (int i = 0; i < 50; i++)
        {
            List<Thing> taken = Round(Enumerable.Range(0, random.Next(501)).Select(_ => random.Next(100_000)));
            Assert.That(taken.Distinct(ReferenceEqualityComparer.Instance).Count(), Is.EqualTo(taken.Count), "one is given away twice");
        }
        Assert.That(_made, Is.EqualTo(500));
    }

    [Test]
    public void What_is_not_needed_is_given_back()
    {
        Round(Enumerable.Range(0, 1000));
        Round(Enumerable.Range(0, 100));
        _shelf.Trim(100);
        Round(Enumerable.Range(0, 1000));
        Assert.That(_made, Is.EqualTo(1000 + 1000 - 100 - 25));
    }
}
