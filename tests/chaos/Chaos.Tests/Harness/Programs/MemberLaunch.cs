namespace Chaos.Tests.Harness.Programs;

/// <summary>What a member is started with.</summary>
/// <param name="Name">Its <c>--name</c>.</param>
/// <param name="DataFolder">Its own; kept over restarts.</param>
/// <param name="ClientUrl">Where clients reach it.</param>
/// <param name="ListenPeerUrl">Where it listens for the others.</param>
/// <param name="AdvertisePeerUrl">Where the others dial: the proxy.</param>
/// <param name="InitialCluster">All members, <c>name=url,...</c>.</param>
/// <param name="Environment">Variables of its own.</param>
public sealed record MemberLaunch(
    string Name,
    string DataFolder,
    string ClientUrl,
    string ListenPeerUrl,
    string AdvertisePeerUrl,
    string InitialCluster,
    IReadOnlyDictionary<string, string?> Environment);
