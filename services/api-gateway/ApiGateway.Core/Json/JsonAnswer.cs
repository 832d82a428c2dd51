using System.Collections;
using System.Globalization;
using System.Text;
using ApiGateway.Core.Errors;
using ApiGateway.Core.V2;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ApiGateway.Core.Json;

/// <summary>Answers as the gateway of etcd 3.5 writes them (v3-wire §3): names as in the definition, what has its default value left out, 64-bit numbers in quotes.</summary>
public static class JsonAnswer
{
    /// <summary>A message, without white space.</summary>
    public static string Of(IMessage message)
    {
        var json = new StringBuilder();
        Message(json, message);
        return json.ToString();
    }

    /// <summary>One message of a stream, as a line.</summary>
    public static string OfStream(IMessage message)
    {
        var json = new StringBuilder("{\"result\":");
        Message(json, message);
        return json.Append("}\n").ToString();
    }

    /// <summary>An error.</summary>
    public static string OfError(RpcStatus status)
    {
        var message = GoJson.Quote(status.Message);
        return $"{{\"error\":{message},\"code\":{Number((long)status.Code)},\"message\":{message}}}";
    }

    /// <summary>An error that ends a stream, before or behind its first message.</summary>
    public static string OfStreamError(RpcStatus status)
    {
        var (http, reason) = HttpStatus.Of(status.Code);
        var parts = new List<string>();
        if (status.Code != RpcCode.Ok)
            parts.Add($"\"grpc_code\":{Number((long)status.Code)}");
        parts.Add($"\"http_code\":{Number(http)}");
        if (status.Message.Length > 0)
            parts.Add($"\"message\":{GoJson.Quote(status.Message)}");
        parts.Add($"\"http_status\":{GoJson.Quote(reason)}");
        return $"{{\"error\":{{{string.Join(',', parts)}}}}}";
    }

    private static void Message(StringBuilder json, IMessage message)
    {
        json.Append('{');
        var isFirst = true;
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (!IsSet(field, value, message))
                continue;
            if (!isFirst)
                json.Append(',');
            isFirst = false;
            json.Append('"').Append(field.Name).Append("\":");
            if (field.IsRepeated)
                List(json, field, (IList)value);
            else
                Value(json, field, value);
        }
        json.Append('}');
    }

    private static bool IsSet(FieldDescriptor field, object? value, IMessage message)
    {
        if (field.IsRepeated)
            return ((IList)value!).Count > 0;
        if (field.HasPresence)
            return field.Accessor.HasValue(message);
        return value switch
        {
            string text => text.Length > 0,
            ByteString bytes => !bytes.IsEmpty,
            bool flag => flag,
            Enum => Convert.ToInt32(value, CultureInfo.InvariantCulture) != 0,
            _ => Convert.ToDecimal(value, CultureInfo.InvariantCulture) != 0,
        };
    }

    private static void List(StringBuilder json, FieldDescriptor field, IList values)
    {
        for (var i = 0; i < values.Count; i++)
        {
            json.Append(i == 0 ? '[' : ',');
            Value(json, field, values[i]!);
        }
        json.Append(']');
    }

    private static void Value(StringBuilder json, FieldDescriptor field, object value)
    {
        switch (value)
        {
            case IMessage message:
                Message(json, message);
                break;
            case string text:
                json.Append(GoJson.Quote(text));
                break;
            case ByteString bytes:
                json.Append('"').Append(Convert.ToBase64String(bytes.Span)).Append('"');
                break;
            case bool flag:
                json.Append(flag ? "true" : "false");
                break;
            case long or ulong:
                json.Append(CultureInfo.InvariantCulture, $"\"{value}\"");
                break;
            case Enum:
                Enumeration(json, field, Convert.ToInt32(value, CultureInfo.InvariantCulture));
                break;
            default:
                json.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
        }
    }

    private static void Enumeration(StringBuilder json, FieldDescriptor field, int number)
    {
        if (field.EnumType.FindValueByNumber(number) is { } known)
            json.Append('"').Append(known.Name).Append('"');
        else
            json.Append(Number(number));
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
