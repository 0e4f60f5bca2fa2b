import { Ajv, type AnySchema, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";

// Foreign schemas may have their own keywords, and may leave open what ours would forbid.
const OPTIONS: Options = { strict: false, logger: false };

/**
 * Compiles JSON Schemas of drafts 07, 2019-09 and 2020-12 with an instance each. The registry's client would use one
 * instance for all of them, which supports one draft only and refuses a second version of a schema under the same
 * `$id`.
 */
export function createJsonSchemaCompiler() {
  // The client adds a schema's references just before it compiles the schema.
  let referenced: AnySchema[] = [];
  return {
    addSchema(schema: AnySchema | AnySchema[]): Ajv {
      referenced = referenced.concat(schema);
      // Unused; the type requires it.
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
