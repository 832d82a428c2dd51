using System.Threading.Channels;

namespace Storage.Host.Service;

/// <summary>A flag that one loop waits for and others raise; raising it twice is raising it once.</summary>
internal sealed class Wakeup
{
    private readonly Channel<bool> _raised = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Raise() => _raised.Writer.TryWrite(true);

    /// <summary>Waits until it is raised, and lowers it.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellation) =>
        await _raised.Reader.ReadAsync(cancellation).ConfigureAwait(false);
}
