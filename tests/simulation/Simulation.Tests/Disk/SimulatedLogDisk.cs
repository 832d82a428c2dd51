using Consensus.Core.Wal;

namespace Simulation.Disk;

/// <summary>A disk in memory that forgets, in a crash, what was not synced; that tears, fails and fills on demand.</summary>
/// <remarks>
/// One thread. A crash of the process alone (<see cref="KillProcess"/>) keeps everything, as the kernel does; a loss of power
/// (<see cref="LosePower"/>) decides of every unsynced sector and of every unsynced name by itself whether it got to the disk.
/// </remarks>
public sealed class SimulatedLogDisk : ILogDisk
{
    private readonly Dictionary<string, SimulatedFile> _durableNames = new(StringComparer.Ordinal);
    private readonly List<NameChange> _unsyncedNames = [];
    private Dictionary<string, SimulatedFile> _names = new(StringComparer.Ordinal);

    private readonly record struct NameChange(string? From, string? To, SimulatedFile File);

    /// <param name="sectorBytes">What the disk writes whole or not at all: 512 or 4096.</param>
    public SimulatedLogDisk(int sectorBytes = 512) => SectorBytes = sectorBytes;

    public int SectorBytes { get; }

    /// <summary>Bytes that fit; a spare beyond it cannot be made.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Operations on the disk so far.</summary>
    public long Operations { get; private set; }

    /// <summary>The process ends just before this operation, counted as <see cref="Operations"/>; all later ones end it, too.</summary>
    public long CrashAt { get; set; } = long.MaxValue;

    /// <summary>From this operation on every change fails with an input/output error.</summary>
    public long FailAt { get; set; } = long.MaxValue;

    /// <summary>A sync that does nothing and says it did: the defect that the simulation must find.</summary>
    public bool SyncsAreLies { get; set; }

    /// <summary>Counts the processes that used the disk; files of earlier ones are closed.</summary>
    internal int Generation { get; private set; }

    public string Location => "simulated";

    public IReadOnlyList<string> List()
    {
        Enter(isChange: false);
        return [.. _names.Keys];
    }

    public ILogFile Open(string name)
    {
        Enter(isChange: false);
        return new SimulatedHandle(this, Find(name));
    }

    public void Rename(string name, string newName)
    {
        Enter(isChange: true);
        var file = Find(name);
        if (!_names.TryAdd(newName, file))
            throw new IOException($"{newName} exists");
        _names.Remove(name);
        _unsyncedNames.Add(new NameChange(name, newName, file));
    }

    public void Delete(string name)
    {
        Enter(isChange: true);
        var file = Find(name);
        _names.Remove(name);
        _unsyncedNames.Add(new NameChange(name, null, file));
    }

    public void SyncNames()
    {
        Enter(isChange: true);
        if (SyncsAreLies)
            return;
        foreach (var change in _unsyncedNames)
            Apply(change);
        _unsyncedNames.Clear();
    }

    public void PrepareSpare(long bytes)
    {
        // A failure shows when the spare is taken.
        if (_names.ContainsKey(ILogDisk.SpareName) || Used + bytes > Capacity || Operations + 1 >= FailAt)
            return;
        Enter(isChange: true);
        var file = new SimulatedFile(bytes);
        _names.Add(ILogDisk.SpareName, file);
        _unsyncedNames.Add(new NameChange(null, ILogDisk.SpareName, file));
    }

    public ILogFile TakeSpare(long bytes)
    {
        if (_names.TryGetValue(ILogDisk.SpareName, out var file) && file.Length < bytes)
            Delete(ILogDisk.SpareName);
        PrepareSpare(bytes);
        if (!_names.ContainsKey(ILogDisk.SpareName))
            throw new IOException("no space left on device");
        return Open(ILogDisk.SpareName);
    }

    public void DiscardSpare()
    {
        if (_names.ContainsKey(ILogDisk.SpareName))
            Delete(ILogDisk.SpareName);
    }

    /// <summary>Bytes of all files.</summary>
    public long Used => _names.Values.Sum(file => file.Length);

    /// <summary>The process is gone, the machine is not: what was written is still there. Open the log again.</summary>
    public void KillProcess()
    {
        Generation++;
        CrashAt = long.MaxValue;
        FailAt = long.MaxValue;
    }

    /// <summary>The machine is gone. Of what was not synced, chance decides what is there when it comes back.</summary>
    public void LosePower(Random random)
    {
        KillProcess();
        // Sometimes all or nothing, so that both ends are seen often.
        var odds = random.Next(4) switch { 0 => 0.0, 1 => 1.0, _ => random.NextDouble() };
        foreach (var change in _unsyncedNames)
        {
            if (random.NextDouble() < odds)
                Apply(change);
        }
        // In the order of names: that of a dictionary is not promised to be the same in every run.
        foreach (var (_, file) in _durableNames.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            file.LosePower(random, odds, SectorBytes);
        _unsyncedNames.Clear();
        _names = new Dictionary<string, SimulatedFile>(_durableNames, StringComparer.Ordinal);
    }

    /// <summary>Counts one operation, and ends or fails it when that was asked for.</summary>
    internal void Enter(bool isChange)
    {
        if (++Operations >= CrashAt)
            throw new SimulatedCrashException();
        if (isChange && Operations >= FailAt)
            throw new IOException("input/output error");
    }

    private SimulatedFile Find(string name) =>
        _names.TryGetValue(name, out var file) ? file : throw new FileNotFoundException($"no file {name}");

    private void Apply(in NameChange change)
    {
        if (change.From is not null && _durableNames.GetValueOrDefault(change.From) == change.File)
            _durableNames.Remove(change.From);
        if (change.To is not null)
            _durableNames[change.To] = change.File;
    }
}
