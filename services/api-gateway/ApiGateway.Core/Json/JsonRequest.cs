using System.Globalization;
using System.Text;
using Google.Protobuf.Reflection;

namespace ApiGateway.Core.Json;

/// <summary>
/// Turns a JSON value into an encoded request, as the gateway of etcd 3.5 takes it (v3-wire §3.1): names as in the definition or in lowerCamelCase, numbers also in quotes,
/// enums by name or number, bytes in base64, unknown members ignored, null like absent. Texts of errors are those of its JSON library.
/// </summary>
public static class JsonRequest
{
    // As deep as the messages are read further inside; only transactions within transactions can be nested at all.
    private const int MaxDepth = 100;

    /// <summary>Encodes it.</summary>
    /// <param name="type">The request's type.</param>
    /// <param name="json">One whole value, as <see cref="JsonScanner"/> found it.</param>
    /// <param name="message">The encoded message.</param>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static string? TryEncode(MessageDescriptor type, ReadOnlySpan<byte> json, out byte[] message)
    {
        var writer = new MessageWriter();
        var error = Message(type, JsonText.Trim(json), writer, depth: 0);
        message = error is null ? writer.ToArray() : [];
        return error;
    }

    private static string? Message(MessageDescriptor type, ReadOnlySpan<byte> json, MessageWriter writer, int depth)
    {
        if (json.SequenceEqual(JsonText.Null))
            return null;
        if (json[0] != '{')
            return Mismatch(json, "map[string]json.RawMessage");
        if (depth == MaxDepth)
            return "exceeded max depth";
        var members = MembersOf(json);
        // What is a member of a oneof comes last, so that of several errors the same one is told.
        return Fields(type, inOneof: false, json, members, writer, depth) ?? Fields(type, inOneof: true, json, members, writer, depth);
    }

    private static string? Fields(MessageDescriptor type, bool inOneof, ReadOnlySpan<byte> json, Dictionary<string, Range> members, MessageWriter writer, int depth)
    {
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            if (field.ContainingOneof is not null != inOneof || !TryFind(members, field, out var range))
                continue;
            var value = json[range];
            if (value.SequenceEqual(JsonText.Null))
                continue;
            if ((field.IsRepeated ? List(field, value, writer, depth) : Value(field, value, writer, depth)) is { } error)
                return error;
        }
        return null;
    }

    // Of members with the same name the last counts.
    private static Dictionary<string, Range> MembersOf(ReadOnlySpan<byte> json)
    {
        var members = new Dictionary<string, Range>(StringComparer.Ordinal);
        var parts = JsonText.PartsOf(json);
        while (parts.MoveNext())
        {
            var name = JsonText.Unquote(parts.Current);
            parts.MoveNext();
            json.Overlaps(parts.Current, out var start);
            members[name] = start..(start + parts.Current.Length);
        }
        return members;
    }

    private static bool TryFind(Dictionary<string, Range> members, FieldDescriptor field, out Range value) =>
        members.TryGetValue(field.JsonName, out value) || members.TryGetValue(field.Name, out value);

    private static string? List(FieldDescriptor field, ReadOnlySpan<byte> json, MessageWriter writer, int depth)
    {
        if (json[0] != '[')
            return Mismatch(json, "[]json.RawMessage");
        var parts = JsonText.PartsOf(json);
        while (parts.MoveNext())
        {
            if (Value(field, parts.Current, writer, depth) is { } error)
                return error;
        }
        return null;
    }

    private static string? Value(FieldDescriptor field, ReadOnlySpan<byte> json, MessageWriter writer, int depth)
    {
        switch (field.FieldType)
        {
            case FieldType.Message:
                var inner = new MessageWriter();
                if (Message(field.MessageType, json, inner, depth + 1) is { } error)
                    return error;
                writer.Bytes(field.FieldNumber, inner.Written);
                return null;
            case FieldType.Bytes:
                return Bytes(field, json, writer);
            case FieldType.String:
                if (!IsNullOr(json, '"'))
                    return Mismatch(json, "string");
                writer.Bytes(field.FieldNumber, json[0] == '"' ? Encoding.UTF8.GetBytes(JsonText.Unquote(json)) : []);
                return null;
            case FieldType.Bool:
                if (!IsNullOr(json, 't') && json[0] != 'f')
                    return Mismatch(json, "bool");
                writer.Varint(field.FieldNumber, json[0] == 't' ? 1UL : 0UL);
                return null;
            case FieldType.Enum:
                return Enumeration(field, json, writer);
            default:
                return Number(field, json, writer);
        }
    }

    private static string? Bytes(FieldDescriptor field, ReadOnlySpan<byte> json, MessageWriter writer)
    {
        if (json[0] == '[')
            return ByteList(field, json, writer);
        if (!IsNullOr(json, '"'))
            return Mismatch(json, "[]uint8");
        if (json[0] != '"')
        {
            writer.Bytes(field.FieldNumber, []);
            return null;
        }
        var badAt = GoBase64.TryDecode(JsonText.Unquote(json), out var bytes);
        if (badAt >= 0)
            return $"illegal base64 data at input byte {badAt.ToString(CultureInfo.InvariantCulture)}";
        writer.Bytes(field.FieldNumber, bytes);
        return null;
    }

    // Go takes a list of small numbers for bytes as well.
    private static string? ByteList(FieldDescriptor field, ReadOnlySpan<byte> json, MessageWriter writer)
    {
        var bytes = new List<byte>();
        var parts = JsonText.PartsOf(json);
        while (parts.MoveNext())
        {
            if (parts.Current.SequenceEqual(JsonText.Null))
                bytes.Add(0);
            else if (byte.TryParse(parts.Current, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
                bytes.Add(value);
            else
                return Mismatch(parts.Current, "uint8");
        }
        writer.Bytes(field.FieldNumber, [.. bytes]);
        return null;
    }

    private static string? Enumeration(FieldDescriptor field, ReadOnlySpan<byte> json, MessageWriter writer)
    {
        if (json[0] != '"')
            return Integer(field.FieldNumber, json, int.MinValue, int.MaxValue, GoName(field.EnumType), writer);
        // As it is written: no name of a value needs an escape.
        var name = Encoding.UTF8.GetString(json[1..^1]);
        if (field.EnumType.FindValueByName(name) is not { } value)
            return $"unknown value {GoText.Quote(name)} for enum {GoName(field.EnumType)}";
        writer.Varint(field.FieldNumber, unchecked((ulong)value.Number));
        return null;
    }

    // The package, then the type with the types around it, as generated Go code names it.
    private static string GoName(EnumDescriptor type)
    {
        var package = type.File.Package;
        return $"{package}.{type.FullName[(package.Length + 1)..].Replace('.', '_')}";
    }

    private static string? Number(FieldDescriptor field, ReadOnlySpan<byte> json, MessageWriter writer)
    {
        if (json[0] == '"' && Unwrapped(ref json) is { } error)
            return error;
        return field.FieldType switch
        {
            FieldType.Int64 => Integer(field.FieldNumber, json, long.MinValue, long.MaxValue, "int64", writer),
            FieldType.UInt64 => Integer(field.FieldNumber, json, 0, ulong.MaxValue, "uint64", writer),
            FieldType.Int32 => Integer(field.FieldNumber, json, int.MinValue, int.MaxValue, "int32", writer),
            FieldType.UInt32 => Integer(field.FieldNumber, json, 0, uint.MaxValue, "uint32", writer),
            _ => throw new NotSupportedException($"no request has a field of type {field.FieldType}"),
        };
    }

    // What stands in the quotes of a number is a JSON value of its own.
    private static string? Unwrapped(ref ReadOnlySpan<byte> json)
    {
        json = json[1..^1];
        var scanner = new JsonScanner();
        var read = scanner.Scan(json);
        if (scanner.Error is { } error)
            return error;
        if (!scanner.IsDone && !scanner.End())
            return scanner.Error ?? "unexpected end of JSON input";
        var rest = JsonText.Trim(json[read..]);
        if (!rest.IsEmpty)
            return $"invalid character {GoText.QuoteChar(rest[0])} after top-level value";
        json = JsonText.Trim(json[..read]);
        return null;
    }

    private static string? Integer(int number, ReadOnlySpan<byte> json, Int128 least, Int128 most, string goType, MessageWriter writer)
    {
        if (json.SequenceEqual(JsonText.Null))
        {
            writer.Varint(number, 0);
            return null;
        }
        if (!Int128.TryParse(json, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) || value < least || value > most)
        {
            // Only where a number was expected its text is told.
            return char.IsAsciiDigit((char)json[0]) || json[0] == '-'
                ? $"json: cannot unmarshal number {Encoding.ASCII.GetString(json)} into Go value of type {goType}"
                : Mismatch(json, goType);
        }
        writer.Varint(number, unchecked((ulong)value));
        return null;
    }

    private static bool IsNullOr(ReadOnlySpan<byte> json, char first) => json[0] == first || json.SequenceEqual(JsonText.Null);

    private static string Mismatch(ReadOnlySpan<byte> json, string goType) => $"json: cannot unmarshal {JsonText.KindOf(json)} into Go value of type {goType}";
}
