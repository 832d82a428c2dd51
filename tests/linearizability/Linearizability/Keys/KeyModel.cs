using Linearizability.Checking;
using Linearizability.History;

namespace Linearizability.Keys;

/// <summary>
/// etcd's keys, one by one: values, versions, create and mod revisions, and the revision in each answer's header, which never falls and grows with each
/// write. What only shows across keys is <see cref="RevisionOrder"/>'s.
/// </summary>
public sealed class KeyModel : Model<KeyState, KeyRequest, KeyAnswer>
{
    public override KeyState Initial => default;

    public override string PartOf(KeyRequest input) => input.Key;

    public override bool TryApply(KeyState state, KeyRequest input, KeyAnswer output, out KeyState next)
    {
        next = default;
        if (output.TellsBefore && !TryLearn(state, output.Before, out state))
            return false;
        if (!MayAnswer(state, input, output.Wrote))
            return false;
        if (output.Wrote ? output.Revision <= state.Reached : output.Revision < state.Reached)
            return false;
        next = output.Wrote ? After(state, input, RevisionBound.Exactly(output.Revision)) : state;
        next = next with { Reached = output.Revision };
        return true;
    }

    public override bool TryApplyUndecided(KeyState state, KeyRequest input, out KeyState next)
    {
        // A condition that does not hold, or a delete of nothing, writes nothing.
        var writes = input.Kind != RequestKind.Get && MayAnswer(state, input, true);
        next = writes ? After(state, input, RevisionBound.AtLeast(state.Reached + 1)) : state;
        return writes;
    }

    public override string Describe(Operation<KeyRequest, KeyAnswer> operation) =>
        $"{operation.Input} -> {(operation.IsDecided ? operation.Output.ToString() : "?")}";

    private static bool MayAnswer(KeyState state, KeyRequest input, bool wrote) => input.Kind switch
    {
        RequestKind.Get => !wrote,
        RequestKind.Put or RequestKind.Swap => wrote,
        RequestKind.Delete => wrote == state.Exists,
        RequestKind.PutIfValue => wrote == (state.Value == input.ExpectedValue),
        RequestKind.PutIfModRevision when !state.Exists => wrote == (input.ExpectedModRevision == 0),
        // An inexact revision may or may not be the one expected.
        RequestKind.PutIfModRevision => wrote ? state.Mod.Allows(input.ExpectedModRevision) : !state.Mod.IsExact || state.Mod.Value != input.ExpectedModRevision,
        _ => throw new ArgumentOutOfRangeException(nameof(input)),
    };

    private static KeyState After(KeyState state, KeyRequest input, RevisionBound at)
    {
        if (input.Kind == RequestKind.Delete)
            return new(null, 0, default, default, state.Reached);
        return new(input.Value, state.Exists ? state.Version + 1 : 1, state.Exists ? state.Create : at, at, state.Reached);
    }

    // What an answer says of the key must agree with what is known, and makes it exact.
    private static bool TryLearn(KeyState state, KeyRecord? told, out KeyState learned)
    {
        learned = state;
        if (told is not { } record)
            return !state.Exists;
        if (state.Value != record.Value || state.Version != record.Version || !state.Mod.Allows(record.ModRevision) || !state.Create.Allows(record.CreateRevision))
            return false;
        learned = state with
        {
            Mod = RevisionBound.Exactly(record.ModRevision),
            Create = RevisionBound.Exactly(record.CreateRevision),
            Reached = Math.Max(state.Reached, record.ModRevision),
        };
        return true;
    }
}
