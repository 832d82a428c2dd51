using System.Collections;
using System.Security.Cryptography;
using System.Text;
using Conformance.Harness;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Conformance.V3;

/// <summary>
/// Shows every field that is set in a message, in the order of field numbers. Revisions are shown relative, and what
/// is chosen by the server (ids, terms, sizes) by placeholders that still check the shape.
/// </summary>
internal sealed class MessageText(Normaliser normaliser)
{
    private const int ShownBytes = 64;

    private readonly HashSet<long> _askedTtls = [];

    /// <summary>Tells that a lease with this TTL exists, so that a remaining TTL a little below is shown as this one.</summary>
    public void ExpectTtl(long seconds) => _askedTtls.Add(seconds);

    /// <summary>One line: <c>{key: "a", limit: 3}</c>.</summary>
    public string Inline(IMessage message) =>
        "{" + string.Join(", ", SetFields(message).SelectMany(field => Values(message, field))) + "}";

    /// <summary>One line per top-level value.</summary>
    public string Block(IMessage message)
    {
        var lines = SetFields(message).SelectMany(field => Values(message, field)).ToList();
        return $"  {message.Descriptor.Name}{(lines.Count == 0 ? " (empty)" : "")}" + string.Concat(lines.Select(line => "\n    " + line));
    }

    /// <summary>As <see cref="Block"/>, and says when the bytes hold more than the message's known fields.</summary>
    public string Block<T>(MessageParser<T> parser, byte[] bytes)
        where T : IMessage<T>
    {
        return Surplus(parser, bytes) is { Length: > 0 } surplus ? $"{Block(parser.ParseFrom(bytes))}\n{surplus}" : Block(parser.ParseFrom(bytes));
    }

    /// <summary>Says when the bytes hold more than the message's known fields; otherwise empty.</summary>
    public static string Surplus<T>(MessageParser<T> parser, byte[] bytes)
        where T : IMessage<T>
    {
        var known = parser.WithDiscardUnknownFields(true).ParseFrom(bytes).CalculateSize();
        return known == bytes.Length ? "" : $"    !! {bytes.Length - known} bytes beside the known fields";
    }

    private static IEnumerable<FieldDescriptor> SetFields(IMessage message) =>
        message.Descriptor.Fields.InFieldNumberOrder().Where(field => IsSet(message, field));

    private static bool IsSet(IMessage message, FieldDescriptor field)
    {
        if (field.IsRepeated)
            return ((IList)field.Accessor.GetValue(message)).Count > 0;
        if (field.HasPresence)
            return field.Accessor.HasValue(message);
        return field.Accessor.GetValue(message) switch
        {
            long n => n != 0,
            ulong n => n != 0,
            int n => n != 0,
            uint n => n != 0,
            bool b => b,
            string s => s.Length > 0,
            ByteString b => !b.IsEmpty,
            Enum e => Convert.ToInt32(e) != 0,
            var other => throw new NotSupportedException($"{field.FullName} holds a {other.GetType()}"),
        };
    }

    private IEnumerable<string> Values(IMessage message, FieldDescriptor field)
    {
        var value = field.Accessor.GetValue(message);
        foreach (var item in field.IsRepeated ? (IEnumerable)value : new[] { value })
            yield return $"{field.Name}: {Value(message, field, item)}";
    }

    private string Value(IMessage message, FieldDescriptor field, object value) => value switch
    {
        IMessage inner => Inline(inner),
        ByteString bytes => normaliser.Hidden(Bytes(bytes.Span)),
        string text => normaliser.Hidden($"\"{text}\""),
        long number => Number(message, field, number),
        ulong number => Identity(field, number),
        uint number when field.Name == "hash" => number == 0 ? "0" : "<hash>",
        bool flag => flag ? "true" : "false",
        _ => value.ToString()!,
    };

    private string Number(IMessage message, FieldDescriptor field, long number) => field.Name switch
    {
        "revision" or "create_revision" or "mod_revision" or "start_revision" or "compact_revision"
            or "rev" or "min_mod_revision" or "max_mod_revision" or "min_create_revision" or "max_create_revision" => normaliser.Position(number),
        "dbSize" or "dbSizeInUse" => number > 0 ? "<size>" : number.ToString(),
        "TTL" when message is EtcdApi.Etcdserverpb.LeaseTimeToLiveResponse => RemainingTtl(number),
        _ => normaliser.Hidden(number.ToString()),
    };

    private string RemainingTtl(long seconds) =>
        _askedTtls.Where(asked => seconds >= 0 && normaliser.CanBeLeft(seconds, asked)) is var near && near.Any()
            ? $"<remaining of {near.Min()}>"
            : seconds.ToString();

    private string Identity(FieldDescriptor field, ulong number) => field.Name switch
    {
        "raft_term" or "raftTerm" or "raftIndex" or "raftAppliedIndex" => number > 0 ? "<n>" : "0",
        _ => normaliser.Hidden(number.ToString()),
    };

    private static string Bytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > ShownBytes)
            return $"<{bytes.Length} bytes, sha256 {Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}>";
        var text = new StringBuilder("\"");
        foreach (var b in bytes)
            text.Append(b is >= 0x20 and < 0x7f and not (byte)'"' and not (byte)'\\' ? ((char)b).ToString() : $"\\x{b:x2}");
        return text.Append('"').ToString();
    }
}
