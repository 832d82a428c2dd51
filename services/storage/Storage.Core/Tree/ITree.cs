using System.Collections.Immutable;

namespace Storage.Core.Tree;

/// <summary>One ordered table of the data file. Numbers are part of the file format.</summary>
public readonly record struct TableId(byte Value)
{
    /// <summary>Applied index, term, current and compacted revisions, format marks; the members as of the newest entry applied that says so.</summary>
    public static readonly TableId Meta = new(1);

    /// <summary>v3: 17- or 18-byte revision key (main, '_', sub, 't' for a tombstone) to encoded mvccpb.KeyValue, as in etcd's own file.</summary>
    public static readonly TableId Revisions = new(2);

    /// <summary>Lease id (8 bytes big-endian) to TTL and the log index of the grant.</summary>
    public static readonly TableId Leases = new(3);

    /// <summary>Session id to remembered outcomes (I8).</summary>
    public static readonly TableId Sessions = new(4);

    /// <summary>Alarms.</summary>
    public static readonly TableId Alarms = new(5);

    /// <summary>v2: index (8 bytes big-endian) to event record.</summary>
    public static readonly TableId V2Events = new(6);

    /// <summary>v2: node id (a path may be longer than a key) to the current node.</summary>
    public static readonly TableId V2Nodes = new(7);

    /// <summary>Whether authentication is on, and its revision: the rows of the bucket of this name in etcd's file, as are those of the next two.</summary>
    public static readonly TableId Auth = new(8);

    /// <summary>User name to authpb.User.</summary>
    public static readonly TableId AuthUsers = new(9);

    /// <summary>Role name to authpb.Role.</summary>
    public static readonly TableId AuthRoles = new(10);

    /// <summary>All tables, ascending.</summary>
    public static readonly ImmutableArray<TableId> All =
        [Meta, Revisions, Leases, Sessions, Alarms, V2Events, V2Nodes, Auth, AuthUsers, AuthRoles];

    /// <summary>What operators read in messages; the number for a table that this version does not know.</summary>
    public string Name => Value switch
    {
        1 => "meta",
        2 => "revisions",
        3 => "leases",
        4 => "sessions",
        5 => "alarms",
        6 => "v2 events",
        7 => "v2 nodes",
        8 => "auth",
        9 => "auth users",
        10 => "auth roles",
        _ => $"number {Value}",
    };
}

/// <summary>
/// The ordered, durable tables under the state machine: a copy-on-write B+tree in one file. One owner calls everything
/// but <see cref="OpenSnapshot"/>, which any thread may call.
/// </summary>
/// <remarks>
/// Changes gather in memory. <see cref="BeginCommit"/> seals them into a <see cref="ITreeCommit"/> that the shell carries out on a device, on a
/// thread of its choice, while the owner goes on changing the tree; <see cref="CompleteCommit"/> then makes it what
/// new snapshots see. One commit is under way at a time. A crash leaves the last carried-out commit.
/// </remarks>
public interface ITree
{
    /// <summary>
    /// Inserts or replaces. Keys are 1 to 1,024 bytes; values up to 64 MiB. Neither may point into the tree (a span from
    /// <see cref="TryGet"/>): the change moves what is there.
    /// </summary>
    void Put(TableId table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>The same, with what is read of the value by those who go through many: kept beside the key when the value itself lies elsewhere.</summary>
    /// <param name="table">The table.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="head">At most <see cref="CopyOnWriteTree.MaxHeadBytes"/>; empty: there is none, and <see cref="ITreeCursor.Head"/> is the value.</param>
    void Put(TableId table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ReadOnlySpan<byte> head) => Put(table, key, value);

    /// <summary>Removes a key; false when it was not there.</summary>
    bool Delete(TableId table, ReadOnlySpan<byte> key);

    /// <summary>
    /// Reads through all changes made so far. The span is valid until the next change; <see cref="CompleteCommit"/> counts as one.
    /// </summary>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11).</exception>
    bool TryGet(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);

    /// <summary>The same for what was put as the head of the value; the value itself where there is none.</summary>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11).</exception>
    bool TryGetHead(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> head) => TryGet(table, key, out head);

    /// <summary>Bytes of changed pages not yet in a commit.</summary>
    long DirtyBytes { get; }

    /// <summary>Size of the file in bytes, and the part of it that holds live pages.</summary>
    (long FileBytes, long InUseBytes) Size { get; }

    /// <summary>Seals the changes since the last commit; null when there are none, and no space to be returned by it.</summary>
    ITreeCommit? BeginCommit();

    /// <summary>The commit was carried out in full: publish it to new snapshots and release the pages it replaced.</summary>
    void CompleteCommit(ITreeCommit commit);

    /// <summary>Returning free space to the file system; null for a tree without a file.</summary>
    ITreeSpace? Space => null;

    /// <summary>A stable view of the last completed commit. Dispose it soon: it holds back the reuse of pages. Thread-safe.</summary>
    /// <exception cref="TreeClosedException">The file is being closed; another may have taken its place.</exception>
    ITreeSnapshot OpenSnapshot();
}

/// <summary>Page writes and syncs to be carried out in order on a device.</summary>
public interface ITreeCommit
{
    /// <summary>
    /// Writes and syncs: pages, sync, meta page, sync. Throws what the device throws. Then it is not known what reached the disk, the tree must
    /// not be used any further and the process has to stop; the file opens at the previous commit, or at this one when only the last sync failed.
    /// </summary>
    void WriteTo(IPageDevice device);
}

/// <summary>A read-only view. Spans are valid until it is disposed. Safe for one thread at a time.</summary>
public interface ITreeSnapshot : IDisposable
{
    /// <summary>Reads a value.</summary>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11).</exception>
    bool TryGet(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);

    /// <summary>Reads what was put as the head of a value; the value itself where there is none.</summary>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11).</exception>
    bool TryGetHead(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> head) => TryGet(table, key, out head);

    /// <summary>Begins to fetch the value of a key that will be read soon, and does not wait for it.</summary>
    /// <returns>Bytes that it began to fetch; 0: they are in memory, or there is no such key.</returns>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11).</exception>
    int FetchAhead(TableId table, ReadOnlySpan<byte> key) => 0;

    /// <summary>
    /// A cursor before the first key at or after <paramref name="from"/> (empty: the table's first); call <see cref="ITreeCursor.MoveNext"/> first.
    /// </summary>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11); the cursor's members throw it too.</exception>
    ITreeCursor Seek(TableId table, ReadOnlySpan<byte> from);

    /// <summary>Shows all rows of a table in the order of their keys.</summary>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11).</exception>
    void Scan<TVisitor>(TableId table, TVisitor visitor)
        where TVisitor : struct, IRowVisitor
    {
        for (var row = Seek(table, []); row.MoveNext();)
            visitor.Visit(row.Key, row.Head);
    }
}

/// <summary>Who is shown rows.</summary>
public interface IRowVisitor
{
    /// <summary>A row's key, and what <see cref="ITreeCursor.Head"/> says. Both as long as the snapshot is there.</summary>
    void Visit(ReadOnlySpan<byte> key, ReadOnlySpan<byte> head);
}

/// <summary>Walks keys in byte order.</summary>
public interface ITreeCursor
{
    bool MoveNext();

    /// <summary>Current key; valid until the next move.</summary>
    ReadOnlySpan<byte> Key { get; }

    /// <summary>Current value; valid until the snapshot is disposed.</summary>
    ReadOnlySpan<byte> Value { get; }

    /// <summary>
    /// The head that a value was put with, when it lies elsewhere; else the value. Valid as long as that. Does not read, and so does not check, the value when there is a head.
    /// </summary>
    ReadOnlySpan<byte> Head => Value;

    /// <summary><see cref="Key"/> and <see cref="Value"/> for the cost of one: who goes through many rows wants both.</summary>
    void ReadRow(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        key = Key;
        value = Value;
    }
}

/// <summary>The disk as the tree sees it: positioned reads from a stable map, positioned writes, sync, growth.</summary>
public interface IPageDevice
{
    /// <summary>Size in bytes, a multiple of the page size.</summary>
    long Length { get; }

    /// <summary>Grows or shrinks the file. Never moves what is already mapped. The caller knows that nobody reads what is cut off.</summary>
    void SetLength(long length);

    /// <summary>Bytes of the file; stay valid while they are inside <see cref="Length"/>. A range never crosses a multiple of <see cref="ExtentBytes"/>.</summary>
    ReadOnlySpan<byte> Read(long offset, int length);

    /// <summary>
    /// Begins to fetch bytes of the file that will be read soon, and does not wait for them. A hint: what is in memory already, or outside the file, or cannot be fetched
    /// ahead, is left.
    /// </summary>
    void FetchAhead(long offset, int length);

    /// <summary>
    /// Whether a range of the file can be read without waiting for the disk, or not at all. Of a long one only the beginning is looked at; true where it cannot be known.
    /// </summary>
    bool IsInMemory(long offset, int length);

    /// <summary>Writes at an offset inside the file.</summary>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Returns when everything written so far is on stable storage.</summary>
    void Sync();

    /// <summary>Unit of mapping, a power of two.</summary>
    int ExtentBytes { get; }
}

#pragma warning disable CA1032 // Thrown in one place with one message.
/// <summary>A page read from disk is not what was written there (I11).</summary>
public sealed class PageCorruptException(long page, string what) : Exception($"page {page}: {what}")
{
    public long Page { get; } = page;
}

/// <summary>The data file is being closed and takes no more readers.</summary>
public sealed class TreeClosedException() : Exception("the data file is closed");
