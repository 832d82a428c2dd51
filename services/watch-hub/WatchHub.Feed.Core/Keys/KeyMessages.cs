using System.Globalization;
using System.Text;
using WatchHub.Messages;

namespace WatchHub.Feed.Core.Keys;

/// <summary>Messages of one feed of a prefix.</summary>
/// <param name="feed">Its name.</param>
/// <param name="source">Of its events.</param>
public sealed class KeyMessages(string feed, string source)
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public KeyChanged Of(KeyChange change, DateTimeOffset time) => new()
    {
        Id = EventIds.OfChange(change.Revision, change.Key.Span),
        Source = source,
        Type = change.IsDelete ? MessageTypes.KeyDeleted : MessageTypes.KeyPut,
        Subject = SubjectOf(change.Key.Span),
        Time = time,
        Feed = feed,
        Revision = change.Revision,
        Key = change.Key.ToArray(),
        Deleted = change.IsDelete,
        Value = change.Value.ToArray(),
        ValueBytes = change.Value.Length,
        CreateRevision = change.CreateRevision,
        Version = change.Version,
        Lease = change.Lease,
    };

    public ChangesMissed Of(MissedRange missed, DateTimeOffset time) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"missed-{feed}-{missed.From}-{missed.To}"),
        Source = source,
        Type = MessageTypes.ChangesMissed,
        Subject = feed,
        Time = time,
        Feed = feed,
        FromRevision = missed.From,
        ToRevision = missed.To,
    };

    /// <summary>The same event without what made it too large.</summary>
    public static StoreMessage WithoutValue(StoreMessage message) => message is KeyChanged change ? change with { Value = [], ValueLeftOut = true } : message;

    private static string SubjectOf(ReadOnlySpan<byte> key)
    {
        try
        {
            return s_strict.GetString(key);
        }
        catch (DecoderFallbackException)
        {
            return "base64:" + Convert.ToBase64String(key);
        }
    }
}
