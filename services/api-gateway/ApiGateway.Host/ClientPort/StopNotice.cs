namespace ApiGateway.Host.ClientPort;

/// <summary>Whether this process has been told to stop: it is no longer ready then, though it may still serve. Thread-safe.</summary>
internal sealed class StopNotice
{
    private volatile bool _isGiven;

    public bool IsGiven => _isGiven;

    public void Give() => _isGiven = true;
}
