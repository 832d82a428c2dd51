using Storage.Core.Tree;

namespace Storage.Tree.Tests;

internal static class TreeTestExtensions
{
    public static void Commit(this CopyOnWriteTree tree, IPageDevice device)
    {
        var commit = tree.BeginCommit();
        Assert.NotNull(commit);
        commit.WriteTo(device);
        tree.CompleteCommit(commit);
    }

    public static List<byte[]> Keys(this ITreeSnapshot snapshot, TableId table, ReadOnlySpan<byte> from)
    {
        List<byte[]> keys = [];
        for (var cursor = snapshot.Seek(table, from); cursor.MoveNext();)
            keys.Add(cursor.Key.ToArray());
        return keys;
    }
}
