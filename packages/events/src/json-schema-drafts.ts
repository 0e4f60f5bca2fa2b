import { Ajv, type AnySchema, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";

// Schemas of others may have keywords of their own; what they leave open is not ours to forbid.
const OPTIONS: Options = { strict: false, logger: false };

/**
 * Compiles JSON Schemas of the drafts 07, 2019-09 and 2020-12, each on its own: the registry's client would take one
 * instance for all of them, which knows one draft and refuses a second version of a schema under the same `$id`.
 */
export function createJsonSchemaCompiler() {
  // The client adds what a schema refers to right before it compiles it.
  let referenced: AnySchema[] = [];
  return {
    addSchema(schema: AnySchema | AnySchema[]): Ajv {
      referenced = referenced.concat(schema);
      // Nobody looks at it; the type asks for it.
      return compilerFor(true);
    },
    compile(schema: AnySchema): ValidateFunction {
      const ajv = compilerFor(schema);
      ajv.addSchema(referenced);
      referenced = [];
      return ajv.compile(schema);
    },
  };
}

function compilerFor(schema: AnySchema): Ajv {
  const draft = typeof schema === "object" ? String(schema.$schema ?? "") : "";
  if (draft.includes("2020-12")) return new Ajv2020(OPTIONS);
  if (draft.includes("2019-09")) return new Ajv2019(OPTIONS);
  return new Ajv(OPTIONS);
}
