using Consensus.Contracts;

namespace Simulation.World;

/// <summary>Carries messages late, in any order, twice or not at all.</summary>
internal sealed class Network(Scheduler scheduler, Random random)
{
    private readonly HashSet<(MemberId From, MemberId To)> _cut = [];

    private int _generation;

    public double DropRate { get; set; }
    public double RepeatRate { get; set; }
    public int MaxDelay { get; set; } = 1;

    public void Send(MemberId from, MemberId to, Action arrive)
    {
        if (random.NextDouble() >= DropRate)
            Carry(from, to, MaxDelay, arrive);
        if (random.NextDouble() < RepeatRate)
            Carry(from, to, 10 * MaxDelay, arrive);
    }

    public void Cut(MemberId from, MemberId to) => _cut.Add((from, to));

    public bool IsCut(MemberId from, MemberId to) => _cut.Contains((from, to));

    /// <summary>Whatever <paramref name="from"/> sends gets through again.</summary>
    public void Restore(MemberId from) => _cut.RemoveWhere(pair => pair.From == from);

    public void Heal() => _cut.Clear();

    /// <summary>Loses all that is on its way.</summary>
    public void Forget() => _generation++;

    private void Carry(MemberId from, MemberId to, int maxDelay, Action arrive)
    {
        var generation = _generation;
        scheduler.After(1 + random.Next(maxDelay), () =>
        {
            if (generation == _generation && !IsCut(from, to))
                arrive();
        });
    }
}
