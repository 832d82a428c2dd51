using Consensus.Contracts;
using Storage.Contracts;
using Storage.Core.Bolt;
using Storage.Core.Database;
using Storage.Core.Tree;
using Storage.Tests.Bolt;
using Storage.Tests.Harness;

namespace Storage.Tests.Database;

/// <summary>States to databases and back, in memory.</summary>
internal static class DatabaseFiles
{
    public static readonly ClusterConfiguration OneMember = new()
    {
        Members = [new Member(new MemberId(0xab), "", ["http://127.0.0.1:2380"], [], IsLearner: false)],
    };

    /// <summary>The database of the tree's last commit; checks that each piece says rightly what remains.</summary>
    public static MemoryBolt Save(ITree tree)
    {
        using var snapshot = tree.OpenSnapshot();
        var writer = new DatabaseWriter(snapshot);
        var bytes = new MemoryStream();
        var remaining = new List<long>();
        while (writer.Next() is { } piece)
        {
            if (piece.Bytes.IsEmpty)
                continue;
            Assert.True(piece.Bytes.Length == DatabasePiece.Length || piece.RemainingBytes == 0);
            bytes.Write(piece.Bytes.Span);
            remaining.Add(piece.RemainingBytes + bytes.Length);
        }
        Assert.All(remaining, total => Assert.Equal(bytes.Length, total));
        Assert.Null(writer.Next());
        return new MemoryBolt(bytes.ToArray());
    }

    /// <summary>A replica that starts on what the database holds.</summary>
    public static Replica Load(IBoltSource database, long bump = 0, ClusterConfiguration? configuration = null)
    {
        var tree = new MemoryTree();
        var options = new RestoreOptions { Configuration = configuration ?? OneMember, BumpRevision = bump, MarkCompacted = bump > 0 };
        foreach (var _ in new DatabaseLoader(BoltFile.Open(database), tree, options).Load())
            continue;
        var commit = tree.BeginCommit()!;
        commit.WriteTo(new NullDevice());
        tree.CompleteCommit(commit);
        return new Replica(tree);
    }

    /// <summary>The rows of a table in the last commit.</summary>
    public static List<(string Key, string Value)> Rows(ITree tree, TableId table)
    {
        using var snapshot = tree.OpenSnapshot();
        var rows = new List<(string, string)>();
        for (var row = snapshot.Seek(table, []); row.MoveNext();)
            rows.Add((Convert.ToHexString(row.Key), Convert.ToHexString(row.Value)));
        return rows;
    }
}
