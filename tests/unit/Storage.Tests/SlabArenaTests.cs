using System.Runtime.InteropServices;
using Storage.Contracts;

namespace Storage.Tests;

/// <summary>Goal: what is taken from an arena is one's own for good, and small things share their array. Method: things of all sizes, each filled with its number, looked at when all are there.</summary>
public sealed class SlabArenaTests
{
    private readonly SlabArena _arena = new();

    [Fact]
    public void Take_ManySizes_EachKeepsItsContent()
    {
        var taken = Enumerable.Range(0, 2_000).Select(Fill).ToList();
        for (var n = 0; n < taken.Count; n++)
            Assert.False(taken[n].Span.ContainsAnyExcept((byte)n), $"number {n} was written over");

        Memory<byte> Fill(int n)
        {
            var memory = _arena.Take(n * 7 % 9_000);
            Assert.Equal(n * 7 % 9_000, memory.Length);
            memory.Span.Fill((byte)n);
            return memory;
        }
    }

    [Fact]
    public void Take_SmallThings_ShareAnArray() =>
        Assert.Equal(2, Enumerable.Range(0, 400).Select(_ => Array(_arena.Take(300))).Distinct().Count());

    [Fact]
    public void Take_LargeThing_HasAnArrayOfItsOwn_AndTheSlabGoesOn()
    {
        var before = Array(_arena.Take(10));
        Assert.Equal(20_000, Array(_arena.Take(20_000)).Length);
        Assert.Same(before, Array(_arena.Take(10)));
    }

    private static byte[] Array(Memory<byte> memory)
    {
        Assert.True(MemoryMarshal.TryGetArray<byte>(memory, out var segment));
        return segment.Array!;
    }
}
