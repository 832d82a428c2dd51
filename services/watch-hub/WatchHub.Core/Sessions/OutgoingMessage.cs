using Storage.Contracts;
using WatchHub.Contracts;

namespace WatchHub.Core.Sessions;

/// <summary>A message on its way to a session's reader, with what reading it gives back to the session's room.</summary>
public readonly record struct OutgoingMessage(WatchMessage Message, int ChargedBytes, KeySpace Space);
