namespace WatchHub.Client.Hubs;

/// <summary>A session as the rules of placement see it.</summary>
internal interface IHubSession
{
    /// <summary>Its reader is told to leave.</summary>
    void AskToLeave();
}
