using System.Runtime.InteropServices;
using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>The newest revision of a key, with what it does not share with its older ones: 28 bytes in a leaf.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct KeyState
{
    public const int Bytes = 28;

    /// <summary>Revision of the newest change; 0: no key.</summary>
    public long Main;

    /// <summary>Main revision of the put that began the newest generation; 0 after a delete.</summary>
    public long Create;

    /// <summary>Puts in the newest generation; 0 after a delete.</summary>
    public long Version;

    // The tombstone mark rides in the sign.
    private int _sub;

    public readonly bool IsTombstone => _sub < 0;

    public readonly Revision Revision => new(Main, DecodeSub(_sub));

    public static KeyState Put(Revision revision, long create, long version) =>
        new() { Main = revision.Main, Create = create, Version = version, _sub = revision.Sub };

    public static KeyState Tombstone(Revision revision) => new() { Main = revision.Main, _sub = EncodeTombstone(revision.Sub) };

    /// <summary>The state after another put.</summary>
    public readonly KeyState Next(Revision revision) =>
        IsTombstone ? Put(revision, revision.Main, 1) : Put(revision, Create, Version + 1);

    public static int EncodeTombstone(int sub) => ~sub;

    public static int DecodeSub(int sub) => sub < 0 ? ~sub : sub;
}
