namespace LeaseManager.Host;

/// <summary>What wakes the loops of a manager, one for each.</summary>
internal sealed class Alarms(TimeProvider time) : IDisposable
{
    public Alarm Expiry { get; } = new(time);

    public Alarm Checkpoints { get; } = new(time);

    public Alarm Claims { get; } = new(time);

    public void Dispose()
    {
        Expiry.Dispose();
        Checkpoints.Dispose();
        Claims.Dispose();
    }
}
