using Linearizability.History;
using Linearizability.Keys;

namespace Linearizability.Tests.Support;

/// <summary>Histories written by hand: each line one operation with its times.</summary>
internal sealed class Script
{
    private readonly List<Operation<KeyRequest, KeyAnswer>> _operations = [];

    public IReadOnlyList<Operation<KeyRequest, KeyAnswer>> Operations => _operations;

    public static KeyRecord Record(string value, long create, long mod, long version) => new(value, create, mod, version);

    public Script Put(long call, long @return, string value, long revision) =>
        Add(call, @return, new(RequestKind.Put, "k", value), new(revision, true));

    public Script PutSeeing(long call, long @return, string value, long revision, KeyRecord? before) =>
        Add(call, @return, new(RequestKind.Put, "k", value), new(revision, true, true, before));

    public Script Get(long call, long @return, long revision, KeyRecord? found) =>
        Add(call, @return, new(RequestKind.Get, "k"), new(revision, false, true, found));

    public Script Delete(long call, long @return, long revision, bool deleted) =>
        Add(call, @return, new(RequestKind.Delete, "k"), new(revision, deleted));

    public Script PutIfValue(long call, long @return, string value, string expected, long revision, bool succeeded, KeyRecord? before = null) =>
        Add(call, @return, new(RequestKind.PutIfValue, "k", value, expected), new(revision, succeeded, before is not null, before));

    public Script PutIfMod(long call, long @return, string value, long expected, long revision, bool succeeded) =>
        Add(call, @return, new(RequestKind.PutIfModRevision, "k", value, null, expected), new(revision, succeeded));

    public Script Lost(long call, RequestKind kind, string? value = null, string? expected = null)
    {
        _operations.Add(Operation.Undecided<KeyRequest, KeyAnswer>(_operations.Count, new(kind, "k", value, expected), call));
        return this;
    }

    public Script Add(long call, long @return, KeyRequest request, KeyAnswer answer)
    {
        _operations.Add(Operation.Decided(_operations.Count, request, answer, call, @return));
        return this;
    }
}
