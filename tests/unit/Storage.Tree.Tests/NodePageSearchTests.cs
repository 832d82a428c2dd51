using System.Buffers.Binary;
using Storage.Core.Tree.Pages;

namespace Storage.Tree.Tests;

/// <summary>Goal: a search of a page finds the same wherever it begins. Method: every key and gap of pages of all sizes, from every slot and beyond.</summary>
public sealed class NodePageSearchTests
{
    [Fact]
    public void Search_FromAnySlot_FindsTheSame()
    {
        var page = new byte[PageFormat.PageBytes];
        NodeWriter.Format(page, level: 0);
        for (var count = 0; count <= 40; count++)
        {
            for (var number = 0; number <= 2 * count; number++)
            {
                for (var likely = -1; likely <= count + 1; likely++)
                {
                    Assert.Equal(number / 2, NodePage.Search(page, Key(number), likely, out var found));
                    Assert.Equal(number % 2 == 1, found);
                }
                Assert.Equal(number / 2, NodePage.Search(page, Key(number), out _));
            }
            Assert.True(NodeWriter.TryInsert(page, count, Key((2 * count) + 1), "value"u8, isOverflow: false));
        }
    }

    // Odd numbers are there; even ones lie between them.
    private static byte[] Key(int number)
    {
        var key = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(key, number);
        return key;
    }
}
