import type { OperationOutcome } from '../../core/errors.ts';
import { isText } from '../../core/text.ts';
import { type ElementRule, isResourceType, type TypeRule, typeRule } from './definitions.ts';
import { invariantsOf } from './invariants.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

export type Issue = { severity: 'error' | 'warning'; code: string; diagnostics: string; expression: string };

export type ValidateOptions = {
  /** The resource type behind a reference that does not say it (`urn:uuid:…`), where the payload holds it. */
  typeOf?: (reference: string) => string | undefined;
};

/**
 * Checks one resource against FHIR R4: structure, cardinality, choice types, primitive formats, required bindings, reference
 * target types and invariants. `expression` names the element; `diagnostics` names the rule and never repeats a value.
 * Errors make a resource unusable; warnings (a time without a zone) are for the reader to flag.
 */
export function validateResource(resource: Json, options: ValidateOptions = {}): Issue[] {
  const check = new Check(options);
  check.resource(resource, undefined);
  return check.issues;
}

/** Issues as the FHIR answer a sender gets. */
export function toOperationOutcome(issues: readonly Issue[]): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map(({ severity, code, diagnostics, expression }) => ({ severity, code, diagnostics, expression: [expression] })),
  };
}

/** Enough to say what is wrong with a resource; a hostile one could otherwise make millions. */
const MAX_ISSUES = 100;

class Check {
  readonly issues: Issue[] = [];
  private readonly options: ValidateOptions;
  /** Where the walk stands: names, and indices as numbers. */
  private readonly path: (string | number)[] = [];
  private contained: JsonObject[] = [];
  /** Every `#id` that something in this resource points at. */
  private pointed = new Set<string>();

  constructor(options: ValidateOptions) {
    this.options = options;
  }

  report(code: string, diagnostics: string, below?: string, severity: Issue['severity'] = 'error'): undefined {
    if (this.issues.length >= MAX_ISSUES) return;
    let expression = '';
    for (const part of this.path) expression += typeof part === 'number' ? `[${part}]` : expression === '' ? part : `.${part}`;
    if (below !== undefined) expression = expression === '' ? below : `${expression}.${below}`;
    this.issues.push({ severity, code, diagnostics, expression });
  }

  /** A resource at the root, in an entry, in a parameter or contained (`container` set). */
  resource(value: Json, container: JsonObject | undefined): undefined {
    if (!isObject(value)) return this.report('structure', 'a resource must be an object');
    const type = value['resourceType'];
    if (typeof type !== 'string') return this.report('structure', 'a resource must say its resourceType');
    if (!isResourceType(type)) return this.report('structure', 'resourceType is not a FHIR R4 resource type');
    if (this.path.length === 0) this.path.push(type);
    if (container) return this.object(value, typeRule(type), true);
    const [contained, pointed] = [this.contained, this.pointed];
    this.contained = Array.isArray(value['contained']) ? value['contained'].filter(isObject) : [];
    this.pointed = new Set();
    this.object(value, typeRule(type), true);
    this.checkContained(value);
    this.contained = contained;
    this.pointed = pointed;
  }

  private object(value: JsonObject, rule: TypeRule, isResource: boolean): undefined {
    let members = 0;
    let choices: Map<string, string> | undefined;
    for (const key of Object.keys(value)) {
      if (key === 'resourceType' && isResource) continue;
      if (key !== 'id') members++;
      const primitive = key.charCodeAt(0) === 0x5f;
      const element = rule.elements.get(primitive ? key.slice(1) : key);
      if (!element || (primitive && !element.primitive)) {
        this.report('structure', `${rule.name} has no such element`, safeName(key));
        continue;
      }
      if (element.choice !== undefined) {
        const other = (choices ??= new Map()).get(element.choice);
        if (other !== undefined && other !== element.name)
          this.report('structure', `only one of ${element.choice} may stand`, element.choice);
        choices.set(element.choice, element.name);
      }
      this.path.push(element.name);
      if (primitive) this.primitiveExtension(value[key]!, element, value[element.name]);
      else this.element(value[key]!, element, value[`_${key}`], value);
      this.path.pop();
    }
    if (members === 0 && !isResource) this.report('invariant', 'ele-1: an element must have a value or children');
    for (const { name, any } of rule.required) {
      if (!any.some((key) => value[key] !== undefined || value[`_${key}`] !== undefined))
        this.report('required', `${name} is required`, name);
    }
    for (const invariant of invariantsOf(rule.name)) {
      const failed = invariant.holds(value, (reference) => this.typeBehind(reference)) === false;
      if (failed) this.report('invariant', `${invariant.key}: ${invariant.human}`, undefined, invariant.severity ?? 'error');
    }
  }

  private element(value: Json, rule: ElementRule, extension: Json | undefined, owner: JsonObject): undefined {
    if (!rule.list) {
      if (Array.isArray(value)) return this.report('structure', 'may not repeat, and is no list');
      return this.item(value, rule, extension, owner);
    }
    if (!Array.isArray(value)) return this.report('structure', 'must be a list');
    if (value.length === 0) return this.report('structure', 'a list may not be empty');
    const extensions = Array.isArray(extension) ? extension : [];
    for (let index = 0; index < value.length; index++) {
      this.path.push(index);
      this.item(value[index]!, rule, extensions[index], owner);
      this.path.pop();
    }
  }

  private item(value: Json, rule: ElementRule, extension: Json | undefined, owner: JsonObject): undefined {
    if (value === null) {
      // null stands only in a list of primitives, for a member that has an extension instead of a value.
      if (rule.list && rule.primitive && isObject(extension)) return;
      return this.report('structure', 'null is no value');
    }
    if (rule.primitive) return this.primitive(value, rule);
    if (rule.type === 'Resource' || isResourceType(rule.type)) return this.resource(value, rule.name === 'contained' ? owner : undefined);
    if (!isObject(value)) return this.report('structure', `must be an object (${rule.type})`);
    this.object(value, typeRule(rule.type), false);
    if (rule.type === 'Reference') this.reference(value, rule);
    else if (rule.binding) this.binding(value, rule, rule.binding);
  }

  private primitive(value: Json, rule: ElementRule): undefined {
    const fault = rule.primitive!(value);
    if (fault === 'zone-missing') this.report('value', 'a time must say its zone', undefined, 'warning');
    else if (fault === 'narrative-empty') this.report('invariant', 'txt-2: a narrative must say something', undefined, 'warning');
    else if (fault) this.report('value', `not a valid ${rule.type}`);
    else if (typeof value === 'string') {
      if (!isText(value)) return this.report('value', 'holds the character U+0000 or half a surrogate pair, which is no text');
      if (rule.binding && !rule.binding.all.has(value)) this.report('code-invalid', `not in the required value set ${rule.binding.url}`);
      if (value.charCodeAt(0) === 0x23) this.pointed.add(value);
    }
  }

  private primitiveExtension(value: Json, rule: ElementRule, base: Json | undefined): undefined {
    if (!rule.list) return this.extensionObject(value, false);
    if (!Array.isArray(value)) return this.report('structure', 'must be a list');
    if (value.length === 0) return this.report('structure', 'a list may not be empty');
    const values = Array.isArray(base) ? base : [];
    for (let index = 0; index < value.length; index++) {
      this.path.push(index);
      this.extensionObject(value[index]!, values[index] !== undefined && values[index] !== null);
      this.path.pop();
    }
  }

  private extensionObject(value: Json, nullAllowed: boolean): undefined {
    if (value === null && nullAllowed) return;
    if (!isObject(value)) return this.report('structure', 'must be an object (Element)');
    const keys = Object.keys(value);
    if (keys.length === 0) this.report('invariant', 'ele-1: an element must have a value or children');
    for (const key of keys) {
      const rule = key === 'id' || key === 'extension' ? typeRule('Extension').elements.get(key) : undefined;
      if (!rule) {
        this.report('structure', 'Element has no such element', safeName(key));
        continue;
      }
      this.path.push(key);
      this.element(value[key]!, rule, undefined, value);
      this.path.pop();
    }
  }

  /** A required binding: a code in the set, or for a CodeableConcept at least one coding in it. */
  private binding(value: JsonObject, rule: ElementRule, binding: NonNullable<ElementRule['binding']>): undefined {
    const codings = rule.type === 'CodeableConcept' ? (Array.isArray(value['coding']) ? value['coding'] : []) : [value];
    if (rule.type !== 'CodeableConcept' && value['code'] === undefined) return;
    const bound = codings.some((coding) => {
      if (!isObject(coding) || typeof coding['code'] !== 'string') return false;
      const { system, code } = coding;
      return typeof system === 'string' && binding.bySystem.get(system)?.has(code) === true;
    });
    if (!bound && !(codings.length === 0 && value['extension'] !== undefined)) {
      this.report('code-invalid', `no code of the required value set ${binding.url}`);
    }
  }

  private reference(value: JsonObject, rule: ElementRule): undefined {
    const { reference, type } = value;
    if (typeof type === 'string' && rule.targets && isResourceType(type) && !rule.targets.has(type)) {
      this.report('value', 'a reference to a resource type that is not allowed here', 'type');
    }
    if (typeof reference !== 'string' || reference === '') return;
    if (reference.charCodeAt(0) === 0x23) {
      this.pointed.add(reference);
      if (reference !== '#' && !this.contained.some((item) => item['id'] === reference.slice(1))) {
        return this.report('invariant', 'ref-1: a local reference must point at a contained resource', 'reference');
      }
    } else if (/\s/.test(reference)) return this.report('value', 'not a valid reference', 'reference');
    const target = this.typeBehind(reference);
    if (target === undefined) return;
    if (!isResourceType(target)) return this.report('value', 'a reference to something that is no FHIR R4 resource type', 'reference');
    if (rule.targets && !rule.targets.has(target)) {
      this.report('value', 'a reference to a resource type that is not allowed here', 'reference');
    } else if (typeof type === 'string' && isResourceType(type) && type !== target) {
      this.report('value', 'type and reference name different resource types', 'type');
    }
  }

  /** The type a reference leads to: contained, written in it, or known to the payload. */
  private typeBehind(reference: string): string | undefined {
    if (reference === '#') return undefined;
    if (reference.charCodeAt(0) === 0x23) {
      const type = this.contained.find((item) => item['id'] === reference.slice(1))?.['resourceType'];
      return typeof type === 'string' ? type : undefined;
    }
    if (reference.startsWith('urn:')) return this.options.typeOf?.(reference);
    const relative = RELATIVE.exec(reference);
    if (relative) return relative[1];
    const absolute = ABSOLUTE.exec(reference)?.[1];
    return absolute !== undefined && isResourceType(absolute) ? absolute : undefined;
  }

  /** dom-2 to dom-5 (domainresource.html#invs). */
  private checkContained(root: JsonObject): undefined {
    this.contained.forEach((item, index) => {
      this.path.push('contained', index);
      const meta = item['meta'];
      if (item['contained'] !== undefined) this.report('invariant', 'dom-2: a contained resource may not contain another');
      const pointsBack = JSON.stringify(item).includes('"#"');
      if (typeof item['id'] !== 'string' || !(this.pointed.has(`#${item['id']}`) || pointsBack)) {
        this.report('invariant', 'dom-3: a contained resource must be referred to from the resource that holds it');
      }
      if (isObject(meta) && (meta['versionId'] !== undefined || meta['lastUpdated'] !== undefined)) {
        this.report('invariant', 'dom-4: a contained resource may not have a version or a time of its own');
      }
      if (isObject(meta) && meta['security'] !== undefined)
        this.report('invariant', 'dom-5: a contained resource may not have a security label');
      this.path.length -= 2;
    });
    const ids = this.contained.map((item) => item['id']);
    if (new Set(ids).size < ids.length && root['contained'] !== undefined)
      this.report('structure', 'two contained resources share an id', 'contained');
  }
}

const RELATIVE = /^([A-Z][A-Za-z]+)(?:\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$|\?)/;
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:.*\/([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/** A member name from outside stands in an answer only where it looks like an element's name. */
function safeName(key: string): string {
  return /^_?[A-Za-z][A-Za-z0-9]{0,60}$/.test(key) ? key : '(unknown)';
}
