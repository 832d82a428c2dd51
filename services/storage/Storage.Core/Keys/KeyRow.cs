using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>
/// A revision on its way from the Revisions table into a <see cref="KeyIndex"/>, in as few bytes as can be read quickly: most rows are a key's only one.
/// <code>
/// u8 flags | key length (u8, or i32 if flagged) | key | i64 main | i32 sub? | i64 create, i64 version? | i64 lease?
/// </code>
/// Numbers are as this machine has them: rows never leave the process.
/// </summary>
internal static class KeyRow
{
    private const byte TombstoneFlag = 1, SubFlag = 2, LaterPutFlag = 4, LeaseFlag = 8, LongKeyFlag = 16;

    // The longest row with a key of no length.
    private const int MaxBytesBesidesKey = 1 + sizeof(int) + (4 * sizeof(long)) + sizeof(int);

    /// <summary>At least what a row with a key of that length takes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MaxBytes(int keyBytes) => MaxBytesBesidesKey + keyBytes;

    /// <summary>Writes a row; returns its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> target, ReadOnlySpan<byte> key, in KeyState state, long lease)
    {
        var revision = state.Revision;
        var isLater = !state.IsTombstone && (state.Create != state.Main || state.Version != 1);
        var isLong = key.Length > byte.MaxValue;
        target[0] = (byte)((state.IsTombstone ? TombstoneFlag : 0) | (revision.Sub != 0 ? SubFlag : 0) | (isLater ? LaterPutFlag : 0)
            | (lease != 0 ? LeaseFlag : 0) | (isLong ? LongKeyFlag : 0));
        var at = 1;
        if (isLong)
            Append(target, ref at, key.Length);
        else
            target[at++] = (byte)key.Length;
        key.CopyTo(target[at..]);
        at += key.Length;
        Append(target, ref at, revision.Main);
        if (revision.Sub != 0)
            Append(target, ref at, revision.Sub);
        if (isLater)
        {
            Append(target, ref at, state.Create);
            Append(target, ref at, state.Version);
        }
        if (lease != 0)
            Append(target, ref at, lease);
        return at;
    }

    /// <summary>Length of the row at the beginning of some bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Length(ReadOnlySpan<byte> row)
    {
        var (start, length) = KeyRange(row);
        int flags = row[0];
        return start + length + sizeof(long)
            + ((flags & SubFlag) != 0 ? sizeof(int) : 0) + ((flags & LaterPutFlag) != 0 ? 2 * sizeof(long) : 0) + ((flags & LeaseFlag) != 0 ? sizeof(long) : 0);
    }

    /// <summary>Where the key is in a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (int Start, int Length) KeyRange(ReadOnlySpan<byte> row) =>
        (row[0] & LongKeyFlag) != 0 ? (1 + sizeof(int), MemoryMarshal.Read<int>(row[1..])) : (2, row[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<byte> Key(ReadOnlySpan<byte> row)
    {
        var (start, length) = KeyRange(row);
        return row.Slice(start, length);
    }

    /// <summary>All but the key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KeyState Read(ReadOnlySpan<byte> row, out long lease)
    {
        int flags = row[0];
        var (start, length) = KeyRange(row);
        var at = start + length;
        var main = Take<long>(row, ref at);
        var revision = new Revision(main, (flags & SubFlag) != 0 ? Take<int>(row, ref at) : 0);
        var (create, version) = (flags & LaterPutFlag) != 0 ? (Take<long>(row, ref at), Take<long>(row, ref at)) : (main, 1);
        lease = (flags & LeaseFlag) != 0 ? Take<long>(row, ref at) : 0;
        return (flags & TombstoneFlag) != 0 ? KeyState.Tombstone(revision) : KeyState.Put(revision, create, version);
    }

    private static void Append<T>(Span<byte> target, ref int at, T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(target[at..], value);
        at += Unsafe.SizeOf<T>();
    }

    private static T Take<T>(ReadOnlySpan<byte> row, ref int at)
        where T : unmanaged
    {
        var value = MemoryMarshal.Read<T>(row[at..]);
        at += Unsafe.SizeOf<T>();
        return value;
    }
}
