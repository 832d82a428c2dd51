using Consensus.Contracts;
using Simulation.Checks;
using Simulation.World;

namespace Simulation.Clients;

/// <summary>
/// A gateway with one request at a time: writes under a session, retried under the same sequence through another member until answered; reads that are given
/// up and asked anew.
/// </summary>
internal sealed class SimulatedClient(SimulatedWorld world, ulong session)
{
    private const int PatienceUnits = 2500;
    private const int Keys = 3;

    private KvCommand? _write;
    private ulong _sequence;
    private ulong _seenBefore;

    // Counts what was asked: an answer to what was given up is none.
    private int _attempt;
    private SimulatedNode? _at;

    public int Writes { get; private set; }
    public int Reads { get; private set; }

    /// <summary>While false it starts nothing new; a write under way is still brought to its end.</summary>
    public bool IsActive { get; set; } = true;

    public bool HasWriteUnderWay => _write is not null;

    public void Start() => world.Scheduler.After(1 + world.Random.Next(100), Next);

    /// <summary>Writes once, whether active or not.</summary>
    public void Write()
    {
        if (_write is null)
            BeginWrite();
    }

    /// <summary>A member has applied a write of this session, the first time or again.</summary>
    public void OnResult(SimulatedNode node, in KvMachine.Outcome outcome)
    {
        if (node != _at || _write is not { } write || outcome.Command.Sequence != write.Sequence)
            return;
        Check.That(outcome.Command == write, $"the result of session {session} is of another command");
        world.Truth.Ends("a write", write.Key, write.Value, outcome.Version, _seenBefore + 1);
        _write = null;
        Writes++;
        _attempt++;
        Pause();
    }

    private void Pause() => world.Scheduler.After(1 + world.Random.Next(50), Next);

    private void Next()
    {
        if (!IsActive || _write is not null)
            return;
        switch (world.Random.Next(20))
        {
            case < 9:
                BeginWrite();
                break;
            case 9:
                // Nobody waits for it, nobody remembers it.
                world.Endpoint().Propose(new KvCommand(0, 0, world.Random.Next(Keys), world.NextValue()).Encode(), isForwarded: false);
                Pause();
                break;
            default:
                BeginRead();
                break;
        }
    }

    private void BeginWrite()
    {
        var key = world.Random.Next(Keys);
        _write = new KvCommand(session, ++_sequence, key, world.NextValue());
        _seenBefore = world.Truth.SeenVersion(key);
        TryWrite();
    }

    private void TryWrite()
    {
        var attempt = ++_attempt;
        _at = world.Endpoint();
        _at.Propose(_write!.Value.Encode(), isForwarded: false);
        world.Scheduler.After(PatienceUnits, () =>
        {
            if (attempt == _attempt)
                TryWrite();
        });
    }

    private void BeginRead()
    {
        var attempt = ++_attempt;
        var key = world.Random.Next(Keys);
        var seenBefore = world.Truth.SeenVersion(key);
        world.Endpoint().Read(key, (value, version) =>
        {
            if (attempt != _attempt)
                return;
            world.Truth.Ends("a read", key, value, version, seenBefore);
            _attempt++;
            Reads++;
            Pause();
        });
        world.Scheduler.After(PatienceUnits / 4, () =>
        {
            if (attempt != _attempt)
                return;
            _attempt++;
            Next();
        });
    }
}
