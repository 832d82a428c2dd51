using System.Buffers.Binary;
using Storage.Core.Tree;

namespace Storage.Tests.Harness;

/// <summary>A tree whose values are not in memory until they were asked for: notes in which order that and the reads happen.</summary>
internal sealed class ColdTree(MemoryTree tree) : ITree
{
    /// <summary>Bytes that a value is said to take on the disk.</summary>
    public int ValueBytes { get; set; } = 100;

    /// <summary>Whether everything is in memory.</summary>
    public bool IsWarm { get; set; }

    /// <summary>What was done with which revision.</summary>
    public List<(Access Access, long Revision)> Accesses { get; } = [];

    public long DirtyBytes => tree.DirtyBytes;

    public (long FileBytes, long InUseBytes) Size => tree.Size;

    public void Put(TableId table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => tree.Put(table, key, value);

    public bool Delete(TableId table, ReadOnlySpan<byte> key) => tree.Delete(table, key);

    public bool TryGet(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) => tree.TryGet(table, key, out value);

    public ITreeCommit? BeginCommit() => tree.BeginCommit();

    public void CompleteCommit(ITreeCommit commit) => tree.CompleteCommit(commit);

    public ITreeSnapshot OpenSnapshot() => new Snapshot(this, tree.OpenSnapshot());

    public enum Access
    {
        Fetch,
        Read,
        ReadHead,
    }

    private sealed class Snapshot(ColdTree owner, ITreeSnapshot snapshot) : ITreeSnapshot
    {
        public bool TryGet(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) => Noted(Access.Read, table, key, out value);

        public bool TryGetHead(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> head) => Noted(Access.ReadHead, table, key, out head);

        public int FetchAhead(TableId table, ReadOnlySpan<byte> key)
        {
            owner.Accesses.Add((Access.Fetch, BinaryPrimitives.ReadInt64BigEndian(key)));
            return owner.IsWarm ? 0 : owner.ValueBytes;
        }

        public ITreeCursor Seek(TableId table, ReadOnlySpan<byte> from) => snapshot.Seek(table, from);

        public void Dispose() => snapshot.Dispose();

        private bool Noted(Access access, TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
        {
            if (table == TableId.Revisions)
                owner.Accesses.Add((access, BinaryPrimitives.ReadInt64BigEndian(key)));
            return snapshot.TryGet(table, key, out value);
        }
    }
}
